# Hooks of an election that fail, hang or ignore signals, and the end of pilotfish at any moment.
# plain

load elections

setup_file()
{
	election_consul
}

setup()
{
	begin_election
}

@test "onElected fails: the lock is released, and another is promoted" {
	on_elected="\"false\"" member c1
	LIMIT=15 expect_events -n c1 "election.db elected" "db.onElected exitFailed" "election.db deposed"
	expect_log -n c1 'promotion-failed'
	member c2
	LIMIT=15 await_primary -n c2
	expect_reigns --count 1
}

@test "onElected hangs: it is killed after promoteTimeout, and another is promoted" {
	on_elected="\"sleep\", \"1000\"" member c1 'promoteTimeout = "500ms";'
	LIMIT=15 expect_events -n c1 "election.db elected" "db.onElected exitFailed" "election.db deposed"
	at_most 2500 "$(between "election.db elected" "election.db deposed")"
	member c2
	LIMIT=15 await_primary -n c2
	expect_reigns --count 1
}

@test "onElected hangs and ignores SIGTERM" {
	on_elected="\"sh\", \"-c\", \"trap '' TERM; while :; do sleep 1; done\"" member c1 'promoteTimeout = "500ms";'
	LIMIT=15 expect_events -n c1 "election.db elected" "election.db deposed"
	member c2
	LIMIT=15 await_primary -n c2
	expect_reigns --count 1
}

@test "onDeposed fails: the job is killed, and comes back as a replica" {
	on_deposed="\"false\"" member c1
	LIMIT=15 await_primary
	member c2
	expect_events -n c2 "election.db leader"
	step_down c1
	await_primary -n c2
	expect_events -n c1 "db.onDeposed exitFailed" "db exitFailed" "db running"
	expect_reigns --count 2
}

# A step-down request.
step_down()
{
	consul_put "/v1/kv/$key/request" >/dev/null "{ \"action\": \"step-down\", \"leader\": \"$1\", \"at\": $(date +%s), \"by\": \"test\" }"
}

@test "onDeposed hangs, and the workload ignores SIGTERM: SIGKILL, then the lock is released" {
	on_deposed="\"sh\", \"-c\", \"trap '' TERM; while :; do sleep 1; done\"" mood=stubborn \
		member c1 'promoteTimeout = "1s";'
	LIMIT=15 await_primary
	member c2
	expect_events -n c2 "election.db leader"
	step_down c1
	LIMIT=15 await_primary -n c2
	at_most 4000 $(($(first_beat c2) - $(last_beat c1) ))
	expect_events -n c1 "election.db deposed" "db exitFailed" "db running"
	expect_reigns --count 2
}

@test "no onDeposed: the job is stopped and started again" {
	PRIMARY_ID=c1 start_pilotfish -1 -n c1 <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "db"; exec = [ "$primary", "replica" ]; restarts = "unlimited"; } );
		elections = ( $(election_of c1 "job = \"db\"; onElected = [ \"$primary\", \"promote\" ];") );
	EOF
	LIMIT=15 await_primary
	member c2
	expect_events -n c2 "election.db leader"
	step_down c1
	await_primary -n c2
	expect_events -n c1 "election.db deposed" "db exitSuccess" "db running"
	expect_reigns --count 2
}

@test "a workload that ignores SIGTERM delays the handover by stopTimeout at most" {
	mood=stubborn candidate c1
	LIMIT=15 await_primary
	candidate c2
	expect_events -n c2 "election.db leader"
	signal_pilotfish -n c1 TERM
	await_primary -n c2
	at_most 1500 $(($(first_beat c2) - $(last_beat c1)))
	wait_exit -n c1
	expect_reigns --count 2
}

# SIGTERM in each state.

@test "SIGTERM while a candidate waits for Consul" {
	free_port
	consul_address=http://127.0.0.1:$port candidate c1
	expect_log -n c1 'consul at .* does not answer'
	stop_pilotfish -n c1
	expect_code 0
	at_most 3500 "$took"
}

@test "SIGTERM as a follower: the leader is not affected" {
	candidate c1
	LIMIT=15 await_primary
	candidate c2
	expect_events -n c2 "election.db leader"
	stop_pilotfish -n c2
	expect_code 0
	at_most 1500 "$took"
	refute_events -n c1 "election.db deposed"
	expect_reigns --count 1
}

@test "SIGTERM in the lock delay: no session is left" {
	candidate c1
	LIMIT=15 await_primary
	candidate c2
	expect_events -n c2 "election.db leader"
	signal_pilotfish -n c1 KILL
	await eval '[[ ! $(lock_session) ]]'
	stop_pilotfish -n c2
	expect_code 0
	at_most 1500 "$took"
	await eval '[[ $(consul_get /v1/session/list | jq length) == 0 ]]'
}

@test "SIGTERM while onElected runs: the lock is released" {
	on_elected="\"sleep\", \"1000\"" member c1
	LIMIT=15 expect_events -n c1 "election.db elected" "db.onElected running"
	stop_pilotfish -n c1
	[[ ! $(lock_session) ]]
	member c2
	await_primary -n c2
	expect_reigns --count 1
}

@test "SIGTERM while onDeposed runs: the hook is awaited" {
	on_deposed="\"sh\", \"-c\", \"sleep 1; $primary demote; touch $dir/done\"" member c1
	LIMIT=15 await_primary
	step_down c1
	expect_events -n c1 "election.db deposed" "db.onDeposed running"
	stop_pilotfish -n c1
	expect_code 0
	[[ -e $dir/done && ! $(lock_session) ]]
	expect_reigns --min 1
}

@test "SIGTERM while Consul is gone: the workload ends, and pilotfish in time" {
	election_consul -n other
	candidate c1
	LIMIT=15 await_primary
	kill_consul
	stop_pilotfish -n c1
	at_most 11000 "$took"
	! workload c1
	expect_reigns --count 1
}

words()			# SERVICE: the first line of its check's output in the catalogue
{
	consul_get "/v1/health/checks/$1" | jq -r '.[0].Output | split("\n")[0]'
}

are_words()		# SERVICE WORDS
{
	[[ $(words "$1") == "$2" ]]
}

member_with_words()
{
	echo replica >"$dir/$1.words"
	on_elected="\"sh\", \"-c\", \"$primary promote && echo primary >$dir/$1.words\"" \
	on_deposed="\"sh\", \"-c\", \"$primary demote && echo replica >$dir/$1.words\"" \
	job_keys="services = ( { name = \"$1\"; port = 80; } );
		  health = { exec = \"cat $dir/$1.words\"; interval = \"60s\"; timeout = \"10s\"; ttl = \"100s\"; };" member "$1"
}

@test "the health check runs at a change of the role, and the catalogue has its words" {
	member_with_words c1
	LIMIT=15 await_primary -n c1
	LIMIT=15 await are_words c1 primary
	member_with_words c2
	LIMIT=15 await are_words c2 replica
	mark -n c1
	"$pilotfish" leader step-down -c "$dir/c1.conf"
	LIMIT=15 expect_events -n c1 "election.db deposed"
	LIMIT=15 await are_words c1 replica
	LIMIT=15 await_primary -n c2
	LIMIT=15 await are_words c2 primary
}

@test "two changes of the role within a moment: the catalogue has the words of the last one" {
	member_with_words c1
	LIMIT=15 await are_words c1 primary
	member_with_words c2
	LIMIT=15 await are_words c2 replica
	"$pilotfish" leader step-down -c "$dir/c1.conf"
	"$pilotfish" leader step-down -c "$dir/c2.conf"
	LIMIT=15 await are_words c1 primary
	LIMIT=15 await are_words c2 replica
}
