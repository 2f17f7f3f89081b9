# examples/demo, as `make demo` runs it: every step takes effect within its limit, and only a kill fails requests.
# plain

load lib

@test "the demonstration plays to its end" {
	run -0 timeout "$((12 * $(limit)))" env B="$B" TMPDIR="$dir" "$root/examples/demo/run"
	[[ ${lines[-1]} == "8 of 8 steps passed in "* ]]
}
