# A killed leader has a successor soon, but never too soon.
# plain

load elections

setup_file()
{
	election_consul --data
}

setup()
{
	begin_election
}

teardown()
{
	lib_teardown
	consul_ready || restart_consul
}

two_of()		# candidate or member
{
	"$1" c1
	LIMIT=15 await_primary
	"$1" c2
	expect_events -n c2 "election.db leader"
}

@test "runs: a killed workload runs again, as its pilotfish still leads" {
	two_of candidate
	signal_workload KILL c1
	expect_events -n c1 "db exitFailed" "db running"
	epoch=0 await_primary -n c1
	refute_events -n c1 "election.db deposed"
	expect_reigns --count 2
}

@test "the job is killed: the next leads at once, and the job comes back as a replica" {
	two_of member
	signal_workload KILL c1
	await_primary -n c2
	at_most 1000 $(($(first_beat c2) - $(last_beat c1)))
	expect_events -n c1 "election.db deposed" "db running"
	expect_log -n c1 '"source":"election.db","event":"deposed"'
	expect_reigns --count 2
}

@test "pilotfish is killed, and with it its container: the next leads in time" {
	two_of candidate
	signal_pilotfish -n c1 KILL
	await_primary -n c2
	at_least 3200 $(($(first_beat c2) - $(last_beat c1)))
	at_most $failover $(($(first_beat c2) - $(last_beat c1)))
	candidate c1
	expect_events -n c1 "election.db leader"
	expect_reigns --count 2
}

@test "pilotfish is killed where it is not PID 1: the jobs of its election die with it" {
	PRIMARY_ID=c1 start_pilotfish -n c1 <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "db"; exec = [ "$primary", "reign" ]; runs = "election.db"; } );
		elections = ( $(election_of c1) );
	EOF
	LIMIT=15 await_primary
	candidate c2
	expect_events -n c2 "election.db leader"
	signal_pilotfish -n c1 KILL
	await_primary -n c2
	expect_reigns --count 2
}

@test "Consul is killed and comes back in time: the leader is not deposed" {
	timings='ttl = "4s"; lockDelay = "20s"; demoteTimeout = "1s";'
	two_of candidate
	restart_consul
	LIMIT=30 expect_log -n c1 'consul at .* answers again'
	pass 9				# when it would have been lost long ago
	[[ $(lock_session) ]]
	refute_events -n c1 "election.db deposed"
	expect_reigns --count 1
}

@test "Consul is killed for long: the leader stops before its lease ends" {
	local began

	two_of candidate
	began=$(boottime)
	kill_consul
	expect_events -n c1 "election.db deposed" "db exitFailed"
	at_most 1400 $(($(last_beat c1) - began))	# 3.3 s, 1 s for the kill, 1 s of margin
	consul_run
	LIMIT=30 await_primary
	expect_reigns --count 2
}


@test "the session is destroyed from outside: the leader ends before the lock delay does" {
	local began ended

	two_of candidate
	began=$(boottime)
	consul_put "/v1/session/destroy/$(lock_session)"
	expect_events -n c1 "election.db deposed" "db exitFailed"
	ended=$(last_beat c1)
	await_primary			# which of them it is, is open
	at_most 1000 $((ended - began))
	at_least 3200 $(($(first_beat "$leader") - began))
	expect_reigns --count 2
}

@test "all containers are killed at once, and come back" {
	two_of candidate
	signal_pilotfish -n c1 KILL
	signal_pilotfish -n c2 KILL
	wait_exit -n c1
	wait_exit -n c2
	candidate c1
	candidate c2
	LIMIT=15 await_primary
	expect_reigns --count 2
}
