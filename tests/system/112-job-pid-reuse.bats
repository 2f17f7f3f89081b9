# The kernel gives the number of a group that is being swept to another process.

load jobs

setup()
{
	needs_root
	[[ -e /proc/sys/kernel/ns_last_pid ]] || skip "needs /proc/sys/kernel/ns_last_pid"
}

# Job b runs the script $1 with the number of the group that job a left.
start_with_number()	# SCRIPT
{
	start_pilotfish -1 <<-EOF
		jobs = ( { name = "a"; exec = [ "$helpers/reuse-pid.py", "signal" ]; essential = false; },
			 { name = "b"; exec = [ "sh", "-c", "echo pid \$\$; $1" ]; when = { source = "SIGUSR1"; }; } );
	EOF
	expect_events "b running" "b exitFailed"
	[[ "pid $(said a | sed -n 's/group //p')" == "$(said b | head -n 1)" ]] || skip "another process took the number"
}

@test "a job that gets the number of a swept group is not killed by that sweep" {
	start_with_number 'sleep 1.2; exit 3'
	grep -q 'b ended: exit code 3' "$dir/main.log"
}

@test "a job that gets the number of a swept group and ends within the sweep is not lost" {
	start_with_number 'exit 4'
	grep -q 'b ended: exit code 4' "$dir/main.log"
	stop_pilotfish
	expect_code 0
}

@test "a process of a job that gets the number of a swept group is not killed by that sweep" {
	[[ $(printf '%s\n' 6.9 "$(uname -r)" | sort -V | head -n 1) == 6.9 ]] || skip "needs Linux 6.9"
	start_pilotfish -1 <<-EOF
		jobs = ( { name = "a"; exec = [ "$helpers/reuse-pid.py", "fork" ]; essential = false; },
			 { name = "b"; exec = "sleep 1000"; } );
	EOF
	expect_events "a stopped"
	await grep -q '"mine ' "$dir/main.log"
	[[ "$(said a | sed -n 's/mine //p')" == "$(said a | sed -n 's/group //p')" ]] || skip "another process took the number"
	await grep -q '"alive"' "$dir/main.log"
}
