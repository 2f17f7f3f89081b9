# The disk of the epoch file hangs: leases are kept, and no hook starts too late.
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
	timings='profile = "fast";'
	export STALL_PATH=.epoch STALL_SECONDS=9
}

# A candidate c1 whose disk hangs, and which writes the time every 100 ms.
start_stalled()		# [KEYS]
{
	election_job="{ name = \"pulse\"; exec = [ \"sh\", \"-c\", \"cat /proc/uptime >>$dir/pulse\" ]; when = { interval = \"100ms\"; }; }"
	LD_PRELOAD=$B/tests/stall-disk.so PRIMARY_ID=c1 start_pilotfish -1 -n c1 <<-EOF
		consul = { address = "$consul_address"; };
		jobs = ( { name = "db"; exec = [ "$primary", "reign" ]; runs = "election.db"; stopTimeout = "1s"; }, $election_job );
		elections = ( $(election_of c1 "epochFile = \"$dir/c1.epoch\"; ${1-}") );
	EOF
}

has_lock() { [[ -n $(lock_session) ]]; }

@test "fdatasync takes 9 s: the session is renewed, nothing waits, and the same candidate leads" {
	local session

	start_stalled
	LIMIT=10 await has_lock
	session=$(lock_session)
	candidate c2
	pass 7
	[[ $(lock_session) == "$session" ]]
	refute_events -n c1 "election.db elected"
	LIMIT=8 await_primary -n c1
	[[ $(<"$dir/c1.epoch") == "$epoch" ]]
	refute_events -n c2 "election.db elected"
	expect_reigns --count 1
	at_most 1000 "$(longest_pause "$dir/pulse")"
}

@test "fdatasync takes longer than promoteTimeout: another leads, and the hung candidate never starts" {
	start_stalled 'promoteTimeout = "2s";'
	LIMIT=10 await has_lock
	candidate c2
	LIMIT=15 await_primary -n c2
	pass 9
	refute_events -n c1 "election.db elected"
	expect_log -n c1 "does not take epoch [0-9]+ in time: releasing the lock"
	expect_reigns --count 1
	at_most 1000 "$(longest_pause "$dir/pulse")"
}

@test "write and rename hang: the leader's epoch is saved late, and a follower's disk delays no leader" {
	STALL_WRITE=1 STALL_RENAME=1 STALL_SECONDS=2 start_stalled
	LIMIT=15 await_primary -n c1
	[[ $(<"$dir/c1.epoch") == "$epoch" ]]
	candidate c2
	expect_events -n c2 "election.db leader"
	stop_pilotfish -n c1
	await_primary -n c2
	expect_reigns --count 2
	at_most 1000 "$(longest_pause "$dir/pulse")"
}

@test "pilotfish is stopped while its disk hangs" {
	start_stalled
	LIMIT=10 await has_lock
	mark -n c1
	begun=$(boottime)
	stop_pilotfish -n c1
	at_most 3000 $(($(boottime) - begun))
	refute_events -n c1 "election.db elected"
	candidate c2
	LIMIT=10 await_primary -n c2
}
