# Templates from the field with a real Consul; consul-template made the expected results.
# Skipped are cases with other delimiters, and cases about the agent's own service and node or about tags
# without instances.

load templates

setup_file()
{
	cases=$BATS_TEST_DIRNAME/../cases/template-cases.json
	export cases
	start_consul --config '{"log_level": "warn", "limits": {"http_max_conns_per_client": 1000}}'
}

of_case()		# ID JQ
{
	jq -j --arg id "$1" ".cases[] | select(.id == \$id) | $2" "$cases"
}

try_case()
{
	local settings

	"$BATS_TEST_DIRNAME/helpers/world" "$consul_address" "$cases" "$1"
	of_case "$1" .template >in.ctmpl
	of_case "$1" .expect >expected
	mapfile -t settings < <(of_case "$1" '.env // {} | to_entries[] | "\(.key)=\(.value)\n"')
	rm -f out
	env "${settings[@]}" timeout "$(limit)" "$pilotfish" render --consul-addr "$consul_address" \
		-t in.ctmpl:out --once || fail "$1: exit code $?"
	diff expected out || fail "$1 differs"
}

@test "each case has the expected result" {
	local ids id failed=''

	cd "$dir"
	mapfile -t ids < <(jq -r '.cases[] | select(.group == "realworld") | .id' "$cases" |
		grep -vE -- '-(015|017|030|033|038|039)$')
	((${#ids[@]} >= 15))
	for id in "${ids[@]}"; do
		try_case "$id" || failed+=" $id"
	done
	[[ ! $failed ]] || fail "$failed"
}
