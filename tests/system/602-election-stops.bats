# SIGSTOP of the workload, of pilotfish, of the container and of Consul.
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

teardown()
{
	local name

	consul_signal CONT
	for name in c1 c2; do
		signal_pilotfish -n $name CONT 2>/dev/null || true
	done
	lib_teardown
}

begin()			# candidate or member
{
	"$1" c1
	LIMIT=15 await_primary
	"$1" c2
	expect_events -n c2 "election.db leader"
}

@test "a stopped workload without a health check goes on leading" {
	begin candidate
	signal_workload STOP c1
	pass 6
	signal_workload CONT c1
	refute_events -n c1 "election.db deposed"
	LIMIT=5 epoch=0 await_primary -n c1
	expect_reigns --count 1
}

@test "a stopped workload fails its health check: it is killed, and another leads" {
	job_keys="health = { exec = [ \"sh\", \"-c\", \"! test -e $dir/sick-\$PRIMARY_ID\" ]; interval = \"200ms\"; failures = 1; };"
	member c1 'promoteTimeout = "1s";'
	LIMIT=15 await_primary
	member c2
	expect_events -n c2 "election.db leader"
	await eval '(($(count_events -n c2 "db healthy")))'
	signal_workload STOP c1		# first: it must not be able to follow onDeposed
	touch "$dir/sick-c1"
	await_primary -n c2
	expect_events -n c1 "election.db deposed" "db.onDeposed running" "db exitFailed" "db running"
	expect_reigns --count 2
}

@test "pilotfish is stopped for less than its deadline: the leader is not deposed" {
	timings='ttl = "2s"; lockDelay = "8s"; demoteTimeout = 0;'
	begin candidate
	signal_pilotfish -n c1 STOP
	pass 1
	signal_pilotfish -n c1 CONT
	pass 3
	refute_events -n c1 "election.db deposed"
	refute_events -n c2 "election.db elected"
	expect_reigns --count 1
}

@test "pilotfish alone is stopped past its deadline: the store refuses the lower epoch" {
	begin candidate
	signal_pilotfish -n c1 STOP
	# Besides the leader whose pilotfish cannot act.
	expect_events -n c2 "election.db elected" "db running"
	pass 1
	signal_pilotfish -n c1 CONT
	await gone_workload c1
	expect_events -n c1 "election.db deposed"
	expect_reigns --count 2 --stopped c1
}

gone_workload()
{
	! workload "$1" >/dev/null
}

@test "a whole container is stopped past its deadline: it is killed when it continues" {
	local first beats

	begin candidate
	first=$(workload c1)
	kill -STOP "$(pid_of c1)" "$first"
	beats=$(beats_of c1)
	await_primary -n c2
	kill -CONT "$(pid_of c1)" "$first"
	await gone_workload c1
	expect_events -n c1 "election.db deposed"
	# The workload lives for the instant that the kernel needs to deliver a signal, if at all.
	at_most $((beats + 10)) "$(beats_of c1)"
}

@test "Consul is stopped for less than the deadline: the leader is not deposed" {
	timings='ttl = "10s"; lockDelay = "10s"; demoteTimeout = "1s";'
	begin candidate
	pause_consul
	pass 4
	resume_consul
	pass 5
	refute_events -n c1 "election.db deposed"
	[[ $(lock_session) ]]
	expect_reigns --count 1
}

@test "Consul is stopped for longer: the leader ends before its deadline" {
	local began

	begin candidate
	began=$(boottime)
	pause_consul
	expect_events -n c1 "election.db deposed" "db exitFailed"
	at_most 1400 $(($(last_beat c1) - began))
	pass 3
	resume_consul
	LIMIT=20 await_primary
	expect_reigns --count 2
}

@test "Consul is stopped for longer: onDeposed has its time, and the job becomes a replica" {
	local began

	timings='ttl = "2s"; lockDelay = "6s"; demoteTimeout = "1s";'
	begin member
	began=$(boottime)
	pause_consul
	LIMIT=15 expect_events -n c1 "election.db deposed" "db.onDeposed exitSuccess"
	refute_events -n c1 "db stopped"
	at_most 4000 $(($(last_beat c1) - began))
	resume_consul
	LIMIT=20 await_primary
	expect_reigns --count 2
}
