# Each system call may fail: pilotfish goes on, or says why not and ends.

load lib

@test "no failed call crashes or stalls a start, a reload or a stop" {
	[[ ! $sanitized ]] || export SLOW=4
	SHIM=$B/tests/fail-nth.so LIMIT=300 run -0 "$lib/helpers/failing-calls" "$pilotfish" "$root" 45
	echo "# figure: ${lines[-1]}"
}
