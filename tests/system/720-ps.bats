# `pilotfish ps`: the whole application, from Consul alone.

load lib
load measure
load trouble
helpers=$BATS_TEST_DIRNAME/helpers

# An agent for each test, as sessions and keys outlive a pilotfish.
setup()
{
	start_consul --acl --config '{ "session_ttl_min": "1s", "log_level": "debug" }'
	export CONSUL_HTTP_ADDR=$consul_address CONSUL_HTTP_TOKEN=$consul_token
	service=web$BATS_TEST_NUMBER election=e$BATS_TEST_NUMBER
}

ps()			# CODE [ARG...]; JSON in $dir/ps.json
{
	run -"$1" --separate-stderr timeout -k 1 "$(limit)" "$pilotfish" ps "${@:2}"
}

shows()			# JQ-EXPRESSION
{
	"$pilotfish" ps --json >"$dir/ps.json" 2>/dev/null || true
	jq -e "$1" "$dir/ps.json" >/dev/null
}

member()		# NAME: with an election, and a service that has a check
{
	echo "fine: $1" >"$dir/$1.state"
	start_pilotfish -n "$1" <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "$service-$1"; exec = "sleep 1000"; port = 80; interfaces = "static:192.0.2.1";
			   health = { exec = "cat $dir/$1.state"; interval = "500ms"; failures = 2; }; },
			 { name = "leading"; exec = "sleep 1000"; essential = false; } );
		elections = ( { name = "$election"; job = "leading"; id = "$1"; ttl = "5s"; } );
	EOF
}

watch_ps()		# [ARG...]: its documents go to $dir/watch.log
{
	start_program watch "$pilotfish" ps --watch "$@"
}

watched()		# REGEX: of the last thing that it printed
{
	tail -n 1 "$dir/watch.log" | grep -q -- "$1"
}

requests()		# PATH: that Consul has answered
{
	grep -c "Request: method=GET url=$1" "$consul_dir/consul.log" || true
}

@test "two pilotfish, their services, an election: from anywhere" {
	member one
	member two
	LIMIT=20 await shows '(.elections[] | select(.election == "'$election'") | .leader and (.candidates | length == 2))
		and ([.services[] | select(.name | startswith("'$service'")).status] == ["passing", "passing"])'
	ps 0
	[[ $output =~ $service-one\ +$service-one-$(hostname)\ +consul\ +192.0.2.1\ +80\ +passing\ +20[^\ ]*Z\ +"fine: one" ]]
	leader=$("$pilotfish" ps --json | jq -r ".elections[] | select(.election == \"$election\").leader")
	[[ $output =~ $election\ +$leader\ +127.0.0.1\ +[0-9]+\ +20[^\ ]*Z\ +no\ +"one (passing), two (passing)" ]]
	# The same from a configuration, and by --consul-addr.
	all=$output
	CONSUL_HTTP_ADDR='' ps 0 -c "$dir/two.conf"
	[ "$output" = "$all" ]
	CONSUL_HTTP_ADDR='' ps 0 --consul-addr "$consul_address"
	[ "$output" = "$all" ]
	# Entries of others are not ours.
	register "other$service" other-1 81
	! shows '.services[] | select(.name == "other'$service'")'
	shows '.services | length == 2'
}

@test "a critical instance, its check's first line, and a maintenance" {
	member one
	LIMIT=20 await shows '.elections[] | select(.leader == "one")'
	rm "$dir/one.state"
	await shows '.services[0].status == "critical"'
	ps 1
	[[ $output == *"not healthy: $service-one-$(hostname) is critical: "*"No such file"* ]]
	jq -e '.services[0].output | contains("No such file") and (contains("\n") | not)' "$dir/ps.json"
	signal_pilotfish USR2
	await shows '.services[0] | .status == "maintenance"'
	echo well >"$dir/one.state"
	await shows '.trouble == null'
	ps 0
	[[ $output =~ maintenance\ +20[^\ ]*Z\ +pilotfish ]]
}

@test "an election without check and candidate service; one that is paused, one without leader" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "own"; exec = "sleep 1000"; } );
		elections = ( { name = "$election"; job = "app"; id = "me"; bind = "session"; },
			      { name = "x$election"; job = "own"; id = "me"; key = "very/special"; } );
	EOF
	LIMIT=20 await shows '[.elections[] | select(.leader == "me").key] == ["service/'$election'/leader", "very/special"]'
	jq -e '.elections[0].candidates == [{ id: "me", node: "consul", status: "alive" }]
		and .elections[1].election == "x'$election'"' "$dir/ps.json"
	"$pilotfish" leader pause "$election" -c "$dir/main.conf"
	stop_pilotfish
	# Known from the configuration alone.
	ps 1 -c "$dir/main.conf"
	[[ $output == *"not healthy: election x$election has no leader"* ]]
	[[ $output =~ $election\ +-\ +-\ +[0-9]+\ +-\ +yes\ +- ]]
}

@test "--watch tells each change, without polling" {
	watch_ps --json
	await watched '"services":\[\]'
	member one
	await watched '"output":"fine: one"'
	await watched '"leader":"one"'
	reads=$(requests "/v1/health/service/$service-one?") names=$(requests /v1/internal/ui/services)
	LIMIT=1 await watched '"status":"passing"'
	rm "$dir/one.state"
	LIMIT=2 await watched '"status":"critical"'
	# One change: few requests.
	at_most $((reads + 4)) "$(requests "/v1/health/service/$service-one?")"
	at_most $((names + 8)) "$(requests /v1/internal/ui/services)"
	stop_pilotfish
	await watched '"services":\[\],'
	jq -e .consul "$dir/watch.log" >/dev/null
	kill -INT "$(pid_of watch)"
	wait_exit -n watch
	expect_code 130
}

@test "--watch on a terminal draws over what was there, and ends by ^C" {
	member one
	LIMIT=20 await shows '.elections[] | select(.leader == "one")'
	LC_ALL=C run -130 "$helpers/terminal.py" "expect=$service-one" 'send=\x03' -- "$pilotfish" ps --watch
	[[ $output == *$'\e[H'*SERVICE*$'\e[K'*$'\e[J'* ]]
	# Elsewhere there are no control sequences.
	ps 0
	[[ $output != *$'\e'* ]]
}

@test "--watch ends when its reader has gone" {
	mkfifo "$dir/pipe"
	start_program watch bash -c '"$0" ps --watch --json >"$1"' "$pilotfish" "$dir/pipe"
	head -n 1 "$dir/pipe" | jq -e .consul
	wait_exit -n watch
	expect_code 0
}

@test "--watch survives Consul's end, and says so" {
	start_consul -n own --data --config '{ "session_ttl_min": "1s" }'
	CONSUL_HTTP_ADDR=$consul_address member one
	CONSUL_HTTP_ADDR=$consul_address watch_ps
	await grep -q "fine: one" "$dir/watch.log"
	kill_consul
	await grep -q 'consul does not answer, so this may be outdated: ' "$dir/watch.log"
	[[ $(tail -n 8 "$dir/watch.log") == *"fine: one"* ]]
	size=$(stat -c %s "$dir/watch.log")
	restart_consul
	again() { tail -c "+$((size + 1))" "$dir/watch.log" | grep -q '^consul at'; }
	LIMIT=30 await again
	last() { ! tail -c "+$((size + 1))" "$dir/watch.log" | awk '/^consul at/ { bad = 0 } /does not answer/ { bad = 1 } END { exit !bad }'; }
	LIMIT=30 await last
	kill "$(pid_of watch)"
	wait_exit -n watch
	expect_code 143
}

@test "what our token may not read is named" {
	member one
	LIMIT=20 await shows '.elections[] | select(.leader == "one")'
	CONSUL_HTTP_TOKEN='' ps 77
	[[ $stderr == *'our token may not read the catalogue; it needs service_prefix "" { policy = "read" }, node_prefix "" '* ]]
	CONSUL_HTTP_TOKEN=00000000-0000-4000-8000-00000000dead ps 77
	[[ $stderr == "pilotfish: consul refuses our token: 403 ACL not found" ]]
	CONSUL_HTTP_TOKEN=$(consul_token_for 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }')
	ps 0
	[[ $output == *"fine: one"*'session_prefix "" { policy = "read" }'* ]]
	# The key of an election is not readable, and not taken for one without a leader.
	ps 0 -c "$dir/one.conf"
	[[ $output == *"election $election "*"key_prefix \"service/$election/leader\" { policy = \"read\" }"* ]]
	ps 0 -c "$dir/one.conf" --json
	jq -e '.elections[0].hidden and (.hidden | length == 2)' <<<"$output"
	CONSUL_HTTP_TOKEN=$(consul_token_for 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }
		session_prefix "" { policy = "read" } key_prefix "" { policy = "read" }')
	ps 0 --json
	jq -e '.hidden == [] and .elections[0].leader == "one"' <<<"$output"
}

@test "Consul is down, hangs, has no leader, refuses, answers nonsense" {
	free_port
	CONSUL_HTTP_ADDR=127.0.0.1:$port ps 69
	[[ $stderr == "pilotfish: consul at http://127.0.0.1:$port: "*refused ]]
	CONSUL_HTTP_ADDR='' ps 66 -c "$dir/none"
	CONSUL_HTTP_ADDR='' run -65 --separate-stderr "$pilotfish" ps -c <(echo 'jobs = ( { name = "a"; exec = "true"; } );')
	[[ $stderr == *"has no consul; name one by --consul-addr"* ]]
	start_fake_consul
	export CONSUL_HTTP_ADDR=$fake_address
	for mode in hang 500 garbage shape truncated close reset empty deep; do
		fake mode '{"mode": "'$mode'"}'
		run --separate-stderr timeout -k 1 20 "$pilotfish" ps --timeout 1s
		[[ $status == 69 || ( $mode == @(empty|shape) && $status == 0 ) ]] || fail "$mode: $status $stderr"
	done
	[[ $output ]] || [[ $stderr == "pilotfish: "* ]]
}

@test "a Consul without the undocumented list of services: the documented one" {
	start_fake_consul
	CONSUL_HTTP_ADDR=$fake_address
	fake service '{ "ID": "db-1", "Service": "db", "Port": 5432, "Meta": { "managed_by": "pilotfish" } }'
	fake service '{ "ID": "else-1", "Service": "else", "Port": 5432 }'
	ps 0 --json --timeout 5s
	jq -e '[.services[].id] == ["db-1"]' <<<"$output"
	[[ $(fake requests | jq '[.[] | select(.path == "/v1/catalog/services")] | length') -gt 0 ]]
}

@test "hostile entries harm neither the terminal nor the JSON" {
	jq -n '"a\u001b[2J\u0007\u202e<b>\n" as $bad | ($bad + ("x" * 1000000)) as $huge |
		{ Node: "bad", SkipNodeUpdate: false, Address: $bad, Service: { ID: $huge, Service: "worse", Address: $huge, Port: 80,
			Meta: { managed_by: "pilotfish", pilotfish_started: "99999999999999999999", pilotfish_version: $bad } },
		  Checks: [ { Node: "bad", CheckID: "alive:x", Name: $bad, ServiceID: $huge, Status: $bad, Output: $huge } ] }' \
		>"$dir/entry"
	curl -sS --fail-with-body -H "X-Consul-Token: $consul_token" -X PUT --data-binary "@$dir/entry" "$consul_address/v1/catalog/register"
	for name in "no key" "service/evil/leader me" "service/$(printf '\e[2J')/leader me" "/ a" " " "x"; do
		consul_put /v1/session/create "$(jq -n --arg name "$name" '{ Name: $name, Checks: [] }')"
	done
	for value in '{"id":"\u001b[2J","epoch":1}' '{"id":"a","epoch":1,"since":1e300}' '[' ''; do
		consul_put /v1/kv/service/evil/leader "$value" >/dev/null
		ps 1
		[[ $output != *$'\e'* && $output == *'\x1b[2J'* ]] || fail "$output $stderr"
		at_most 5000 ${#output}
		ps 1 --json
		jq -e '.services[] | select(.node == "bad") | .status == "critical" and (.output | length < 300)' <<<"$output"
	done
	consul_put /v1/catalog/deregister '{ "Node": "bad" }'
}

@test "wrong usage" {
	ps 64 --socket x
	[[ $stderr == *"ps does not take --socket"* ]]
	ps 64 --timeout never
	ps 64 something
}
