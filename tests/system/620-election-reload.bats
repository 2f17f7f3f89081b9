# Reloads and elections.

load elections

setup_file()
{
	election_consul
}

setup()
{
	begin_election
}

reload()		# JOB-KEYS ELECTION-KEYS, of c1
{
	mark -n c1
	write_config -n c1 <<-EOF
		consul = { address = "$consul_address"; };
		jobs = ( { name = "db"; exec = [ "$primary", "replica", "" ]; restarts = "unlimited"; essential = false;
			   stopTimeout = "1s"; $1 } );
		elections = ( $2 );
		$more
	EOF
	signal_pilotfish -n c1 HUP
	expect_events -n c1 "global reloaded"
}

start()
{
	job_keys='' more=''
	member c1
	LIMIT=15 await_primary -n c1
	workload=$(workload c1)
	same=$(election_of c1 "job = \"db\"; onElected = [ $on_elected ]; onDeposed = [ $on_deposed ];")
}

@test "an unrelated change leaves the leader alone" {
	start
	more='watches = ( { name = "other"; onChange = "true"; } );'
	reload 'backoff = { min = "50ms"; max = "200ms"; };' "$same"
	refute_events -n c1 "election.db deposed" "db stopped"
	[[ $(workload c1) == "$workload" ]]
	stop_pilotfish -n c1
	expect_reigns --count 1
}

@test "other timings: the leader steps down, and can be elected again" {
	start
	timings='ttl = "1s"; lockDelay = "3500ms"; demoteTimeout = 0;'
	reload 'backoff = { min = "50ms"; max = "200ms"; };' \
		"$(election_of c1 "job = \"db\"; onElected = [ $on_elected ]; onDeposed = [ $on_deposed ];")"
	expect_log -n c1 "deposed, epoch $epoch: reload"
	LIMIT=15 await_primary -n c1
	[[ $(workload c1) == "$workload" ]]		# its hooks have demoted it
	stop_pilotfish -n c1
	expect_reigns --count 2
}

@test "a removed election releases its lock, its session and its place in the catalogue" {
	start
	reload 'backoff = { min = "50ms"; max = "200ms"; };' ''
	[[ -z $(lock_session) ]]
	await_gone db-election
	[[ $(consul_get /v1/session/list | jq "[.[] | select(.Name == \"$key c1\")] | length") == 0 ]]
	# The job has changed, so either process may have ended already.
	expect_events -n c1 "db running"
	stop_pilotfish -n c1
	expect_reigns --count 1
}

@test "a changed job is deposed first, and the new job is elected" {
	start
	reload 'env = { NEW = "1"; }; backoff = { min = "50ms"; max = "200ms"; };' "$same"
	LIMIT=15 await_primary -n c1
	[[ $(workload c1) != "$workload" ]]
	expect_log -n c1 "deposed, epoch .*: reload"
	stop_pilotfish -n c1
	expect_reigns --count 2
}

@test "a new election finds the job that runs already" {
	start_pilotfish -1 -n c1 <<-EOF
		consul = { address = "$consul_address"; };
		jobs = ( { name = "other"; exec = "sleep 1000"; } );
	EOF
	expect_events -n c1 "other running"
	export PRIMARY_ID=c1
	more='' job_keys=''
	write_config -n c1 <<-EOF
		consul = { address = "$consul_address"; };
		jobs = ( { name = "other"; exec = "sleep 1000"; },
			 { name = "beat"; exec = "sleep 1000"; runs = "election.db"; } );
		elections = ( $(election_of c1 '') );
	EOF
	signal_pilotfish -n c1 HUP
	LIMIT=15 expect_events -n c1 "election.db elected" "beat running"
	stop_pilotfish -n c1
	expect_code 0
}
