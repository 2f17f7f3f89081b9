# One of several candidates leads, publishes that, and hands over.
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

@test "one of three leads; the lock names the leader, the others know it" {
	on_elected="\"sh\", \"-c\", \"env | grep ^PILOTFISH_E >$dir/env; cat >$dir/document; $primary promote\""
	member c1
	LIMIT=15 await_primary -n c1
	member c2
	member c3
	expect_events -n c2 "election.db leader"
	expect_events -n c3 "election.db leader"
	refute_events -n c2 "election.db elected"
	refute_events -n c3 "election.db elected"
	[[ $(lock_value | jq -c '[.id, .epoch, (.since | type)]') == "[\"c1\",$epoch,\"number\"]" ]]
	[[ $(consul_get "/v1/session/info/$(lock_session)" | jq length) == 1 ]]
	grep -qx "PILOTFISH_ELECTION_NAME=db" "$dir/env"
	grep -qx "PILOTFISH_ELECTION_EPOCH=$epoch" "$dir/env"
	grep -qx "PILOTFISH_ELECTION_ID=c1" "$dir/env"
	grep -qx "PILOTFISH_ELECTION_LEADER=c1" "$dir/env"
	grep -qx "PILOTFISH_EVENT=elected" "$dir/env"
	[[ $(jq -c '[.source, .event, .election.name, .election.epoch, .election.id]' "$dir/document") == \
		"[\"election.db\",\"elected\",\"db\",$epoch,\"c1\"]" ]]
	at_least 1 "$(sed -n 's/^PILOTFISH_ELECTION_DEADLINE_MS=//p' "$dir/env")"
	expect_reigns --count 1
}

@test "a leader that is stopped hands over before it ends, without the lock delay" {
	member c1
	LIMIT=15 await_primary
	member c2
	expect_events -n c2 "election.db leader"
	stop_pilotfish -n c1
	expect_code 0
	at_most 1500 "$took"
	await_primary -n c2
	at_most 1500 $(($(first_beat c2) - $(last_beat c1)))
	expect_events -n c1 "election.db deposed" "db.onDeposed exitSuccess" "db stopped"
	expect_reigns --count 2
	[[ $(lock_value | jq -r .id) == c2 ]]
}

@test "runs: the workload runs only while its pilotfish leads" {
	candidate c1
	LIMIT=15 await_primary
	candidate c2
	expect_events -n c2 "election.db leader"
	refute_events -n c2 "db running"
	stop_pilotfish -n c1
	expect_code 0
	await_primary -n c2
	expect_events -n c1 "election.db elected" "db running" "db stopped"
	expect_events -n c2 "election.db elected" "db running"
	expect_reigns --count 2
}

@test "runs: ten handovers in a row, and epochs grow" {
	local n

	candidate c1
	LIMIT=15 await_primary
	for n in {1..5}; do
		candidate c2
		expect_events -n c2 "election.db leader"
		stop_pilotfish -n c1
		await_primary -n c2
		candidate c1
		expect_events -n c1 "election.db leader"
		stop_pilotfish -n c2
		await_primary -n c1
	done
	expect_reigns --count 11
}

@test "the catalogue shows the leader by its tag" {
	job_keys='port = 80; interfaces = "static:192.0.2.1";' member c1 'tag = "primary";'
	LIMIT=15 await consul_shows primary 1
	# The tag goes while the hook runs, which is before the lock is released.
	on_deposed="\"sh\", \"-c\", \"until curl -s $consul_address/v1/catalog/service/db?tag=primary | tee $dir/seen | grep -qx '\\\\[\\\\]'; do :; done; $primary demote\"" \
		job_keys='port = 81; interfaces = "static:192.0.2.2";' member c2 'tag = "primary";'
	await consul_shows '' 2
	consul_shows primary 1
	stop_pilotfish -n c1
	await consul_shows primary 1
	[[ $(consul_get "/v1/catalog/service/db?tag=primary" | jq -r '.[0].ServicePort') == 81 ]]
	stop_pilotfish -n c2
	[[ $(jq length "$dir/seen") == 0 ]]
	expect_reigns --count 2
}

consul_shows()		# TAG N
{
	[[ $(consul_get "/v1/catalog/service/db${1:+?tag=$1}" | jq length) == "$2" ]]
}

@test "the catalogue shows the leader by a service of its own" {
	job_keys='port = 80; interfaces = "static:192.0.2.1";' member c1 'service = "db-primary";'
	LIMIT=15 await_passing db-primary 1
	stop_pilotfish -n c1
	await_gone db-primary
}

@test "the leader's address has a port, and brackets if it is IPv6" {
	job_keys='port = 80; interfaces = "static:2001:db8::1";' member c1
	LIMIT=15 await_primary -n c1
	[[ $(lock_value | jq -r .address) == "[2001:db8::1]:80" ]]
	stop_pilotfish -n c1
}

@test "needs and when: jobs that wait for the role" {
	start_pilotfish -n c1 <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "db"; exec = "sleep 1000"; },
			 { name = "late"; exec = "sleep 1000"; needs = [ "election.db elected" ]; },
			 { name = "said"; exec = [ "sh", "-c", "echo said \$PILOTFISH_ELECTION_EPOCH" ];
			   when = { source = "election.db"; each = "elected"; }; } );
		elections = ( $(election_of c1 'job = "db";') );
	EOF
	LIMIT=15 expect_events -n c1 "election.db elected"
	expect_log -n c1 'late started'
	expect_log -n c1 'said [1-9]'
}

@test "without candidate = true a container only follows" {
	start_pilotfish -n watcher <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "db"; exec = "sleep 1000"; } );
		elections = ( { name = "db"; key = "$key"; id = "watcher"; $timings job = "db"; candidate = false;
				onLeader = [ "sh", "-c", "echo follows \$PILOTFISH_ELECTION_LEADER \$PILOTFISH_ELECTION_EPOCH" ]; } );
	EOF
	expect_events -n watcher "db running"
	candidate c1
	LIMIT=15 await_primary
	expect_log -n watcher "follows c1 $epoch"
	candidate c2
	expect_events -n c2 "election.db leader"
	stop_pilotfish -n c1
	await_primary -n c2
	expect_log -n watcher "follows c2 $epoch"
	refute_events -n watcher "election.db elected"
}

@test "the candidate with the highest priority leads first" {
	candidate c1
	LIMIT=15 await_primary
	candidate c2 'priority = 10;'
	candidate c3 'priority = 90;'
	expect_events -n c2 "election.db leader"
	expect_events -n c3 "election.db leader"
	stop_pilotfish -n c1
	await_primary -n c3
	expect_reigns --count 2
}

@test "a candidate whose canLead fails is not elected" {
	candidate c1 "canLead = \"test -e $dir/fit\";"
	expect_events -n c1 "db.canLead exitFailed" || expect_log -n c1 'canLead|may not lead'
	refute_events -n c1 "election.db elected"
	touch "$dir/fit"
	LIMIT=20 await_primary -n c1
	expect_reigns --count 1
}
