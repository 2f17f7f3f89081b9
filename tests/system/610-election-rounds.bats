# Three Consul servers, three hosts, and a fault for each in turn: never two primaries.
# serial unless sanitized

load lib

setup()
{
	((EUID == 0)) || skip "needs root"
	[[ -x $B/tests/primary ]] || fail "no $B/tests/primary: make helpers"
}

rounds()		# N OPTION...
{
	run "$lib/helpers/election-rounds" "$@"
	echo "$output"
	[[ $status == 0 ]] || return
	echo "# figure: ${lines[-1]}" >&3
}

@test "hosts with an agent of their own" {
	rounds $([[ $sanitized ]] && echo 2 || echo 8)
}

@test "hosts that use a server directly" {
	rounds $([[ $sanitized ]] && echo 4 || echo 12) --no-agents
}
