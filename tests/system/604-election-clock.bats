# The wall clock jumps: leases do not depend on it.
# plain

load elections

setup_file()
{
	election_consul
}

setup()
{
	skip_if_sanitized		# they have to be loaded first
	begin_election
	echo 0 >"$dir/shift"
	export SHIFT_CLOCK=$dir/shift
}

clock()			# SECONDS
{
	echo "$1" >"$dir/shift.new"
	mv "$dir/shift.new" "$dir/shift"
}

# The difference between the last time in a candidate's log and the real time.
off_by()
{
	local stamp

	stamp=$(tail -n 1 "$dir/$1.log" | jq -r .time)
	echo $(($(date -d "$stamp" +%s) - $(date +%s)))
}

@test "an hour forward, an hour back: the leader is not deposed, and a handover is as quick" {
	LD_PRELOAD=$B/tests/shift-clock.so member c1
	LIMIT=15 await_primary
	LD_PRELOAD=$B/tests/shift-clock.so member c2
	expect_events -n c2 "election.db leader"
	clock 3600
	pass 4
	clock -3600
	pass 4
	refute_events -n c1 "election.db deposed"
	clock 7200
	signal_workload KILL c1
	await_primary
	at_least 7000 "$(off_by c1)"
	at_most 1000 $(($(first_beat "$leader") - $(last_beat c1)))
	expect_reigns --count 2
}

@test "an hour forward, or back, while Consul is gone: the deadline does not move" {
	local seconds began

	for seconds in 3600 -3600; do
		clock 0
		LD_PRELOAD=$B/tests/shift-clock.so candidate "c$seconds"
		LIMIT=15 await_primary -n "c$seconds"
		began=$(boottime)
		pause_consul
		clock $seconds
		expect_events -n "c$seconds" "election.db deposed" "db exitFailed"
		at_most 1400 $(($(last_beat "c$seconds") - began))
		at_least 300 $(($(last_beat "c$seconds") - began))
		resume_consul
		stop_pilotfish -n "c$seconds"
	done
	expect_reigns --min 2
}
