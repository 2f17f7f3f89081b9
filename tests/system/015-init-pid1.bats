# As PID 1 of a PID namespace.
# plain

load init

setup()
{
	needs_root
}

@test "exit codes and start failures" {
	run -3 unshare --pid --fork --mount-proc "$pilotfish" -- sh -c 'exit 3'
	run -143 unshare --pid --fork --mount-proc "$pilotfish" -- sh -c 'kill $$'
	run -127 unshare --pid --fork --mount-proc "$pilotfish" -- /nope
}

@test "SIGTERM stops the command, whose grandchild finishes" {
	cat >"$dir/command" <<-'EOF'
		trap 'exit 5' TERM
		setsid bash -c 'trap "read -t 0.3 <> <(:); echo clean; exit" TERM; echo ready; while ((SECONDS < 30)); do read -t 1 <> <(:); done' &
		wait
	EOF
	start_pilotfish -1 -- bash "$dir/command"
	await line_in "$dir/main.log" ready
	stop_pilotfish
	expect_code 5
	line_in "$dir/main.log" clean
}

@test "a process that ignores SIGTERM is killed at the deadline" {
	export PILOTFISH_STOP_TIMEOUT=200ms
	start_pilotfish -1 -- bash -c 'trap "exit 5" TERM
		bash -c "trap \"\" TERM; echo ready; while ((SECONDS < 30)); do read -t 1 <> <(:); done" &
		wait'
	await line_in "$dir/main.log" ready
	stop_pilotfish
	expect_code 5
	((took < 2500 * slow))
}

@test "orphans are adopted and reaped" {
	cat >"$dir/command" <<-'EOF'
		for i in {1..200}; do (true & true & exec true) & done
		wait
		end=$((SECONDS + 10))
		while grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | grep -q .; do
			((SECONDS < end)) || exit 1
		done
		(exec sleep 0 &)
		exit 0
	EOF
	run -0 within 20 unshare --pid --fork --mount-proc "$pilotfish" -- bash "$dir/command"
}

@test "a stop signal suspends neither PID 1 nor its command, which no shell could continue" {
	run -0 "$helpers/signals.py" --pid1 1 2 15 -- "$pilotfish"
	start_pilotfish -1 -- sleep 60
	kill -TSTP "$pid"
	kill -TERM "$pid"
	wait_exit
	expect_code 143
}

@test "as an ordinary user with a read-only root" {
	run -6 unshare --pid --fork --mount-proc --mount sh -c "
		mount -o remount,ro,bind / 2>/dev/null
		exec setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs --bounding-set=-all \
			'$pilotfish' -- sh -c 'exit 6'"
}
