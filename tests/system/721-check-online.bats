# `pilotfish check --online`: the rights of our token, and the policy lines that are missing.

load lib
load measure
load trouble

setup()
{
	start_consul --acl --config '{ "session_ttl_min": "1s", "log_level": "warn" }'
	register other other-1 81
	register third third-1 82
	for key in app/one t/key conf/a tree/b; do
		consul_put "/v1/kv/$key" "value" >/dev/null
	done
	cat >"$dir/t.tmpl" <<-'EOF'
		{{ key "t/key" }} {{ range service "third" }}{{ .Port }}{{ end }} {{ (node).Node.Node }} {{ range ls "tree" }}{{ .Value }}{{ end }}
	EOF
}

config()		# TOKEN
{
	cat >"$dir/online.conf" <<-EOF
		consul = { address = "$consul_address"; token = "$1"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; health = { exec = "true"; interval = "500ms"; }; },
			 { name = "db"; exec = "sleep 1000"; services = ( { name = "sql"; port = 81; }, { name = "admin\"x"; port = 82; } ); } );
		watches = ( { name = "other"; }, { name = "one"; key = "app/one"; }, { name = "all"; prefix = "conf/"; } );
		elections = ( { name = "e"; job = "db"; id = "me"; ttl = "5s"; }, { name = "f"; job = "app"; id = "me"; bind = "session"; key = "locks/f"; } );
		templates = ( { name = "t"; source = "$dir/t.tmpl"; destination = "$dir/t"; } );
	EOF
}

check_online()		# CODE [TOKEN]; the missing lines in $dir/lines
{
	config "${2-}"
	[[ ${2-} ]] || sed -i 's/token = "";//' "$dir/online.conf"
	run -"$1" --separate-stderr timeout -k 1 "$(limit)" "$pilotfish" check --online "$dir/online.conf"
	grep -E '^(service|node|key|session|agent)(_prefix)? ' <<<"$output" >"$dir/lines" || true
}

# All that a check could leave behind.
contents()
{
	local path

	for path in /v1/session/list /v1/kv/?recurse /v1/catalog/services /v1/agent/checks /v1/catalog/nodes; do
		consul_get "$path"
	done
}

@test "exactly the printed lines are enough, pilotfish works with them, and none can be left out" {
	before=$(contents)
	check_online 77
	[[ $stderr == *"no token is given, and the anonymous one lacks rights; a policy with the 15 lines"* ]]
	cp "$dir/lines" "$dir/all"
	[[ $(wc -l <"$dir/all") == 15 && $(sort -u "$dir/all" | wc -l) == 15 ]]
	token=$(consul_token_for "$(<"$dir/all")")
	check_online 0 "$token"
	[[ $output == *"consul at $consul_address answers; our token has all rights that are needed"* && ! -s $dir/lines ]]
	for number in $(seq 15); do
		check_online 77 "$(consul_token_for "$(sed "${number}d" "$dir/all")")"
		diff "$dir/lines" <(sed -n "${number}p" "$dir/all")
	done
	[[ $(contents) == "$before" ]]
	# It is no theory: everything works with this token, and Consul denies nothing.
	start_pilotfish <<<"$(config "$token"; cat "$dir/online.conf")"
	LIMIT=30 expect_events "election.e elected"
	await_passing app 1
	await_passing sql 1
	await grep -q '^value 82 consul value' "$dir/t"
	await_consul 1 "/v1/kv/locks/f" Key=locks/f
	mark
	consul_put /v1/kv/app/one changed >/dev/null
	consul_put /v1/kv/conf/a changed >/dev/null
	register other other-2 83
	expect_events "watch.other changed"
	[[ $(complaints | wc -l) == 0 ]] || fail "$(complaints)"
	stop_pilotfish
	await_gone app
}

@test "rights for a node alone are enough for sessions, and for the agent" {
	check_online 77
	sed -e 's/session_prefix ""/session "consul"/; s/agent_prefix ""/agent "consul"/' "$dir/lines" >"$dir/exact"
	check_online 0 "$(consul_token_for "$(<"$dir/exact")")"
	# Of a wide rule the narrow ones are not asked for.
	check_online 77 "$(consul_token_for 'service_prefix "" { policy = "write" } key_prefix "" { policy = "write" }')"
	[[ $(wc -l <"$dir/lines") == 3 ]]
}

@test "with acl.enable_key_list_policy a prefix needs the right to list" {
	start_consul -n strict --acl --config '{ "acl": { "enable_key_list_policy": true } }'
	check_online 77
	sed -i 's/"list"/"read"/' "$dir/lines"
	check_online 77 "$(consul_token_for "$(<"$dir/lines")")"
	diff "$dir/lines" - <<-'EOF'
		key_prefix "conf/" { policy = "list" }  # watch all
		key_prefix "tree" { policy = "list" }  # template t
	EOF
}

@test "a token that Consul does not know, ACLs that are off, no Consul" {
	check_online 77 00000000-0000-4000-8000-00000000dead
	[[ $stderr == *"pilotfish: consul at $consul_address refuses our token: 403 ACL not found" ]]
	free_port
	sed -i "s|http://127.0.0.1:[0-9]*|http://127.0.0.1:$port|" "$dir/online.conf"
	run -69 --separate-stderr "$pilotfish" check --online "$dir/online.conf"
	[[ $stderr == *"pilotfish: consul at http://127.0.0.1:$port: "*refused ]]
	run -0 "$pilotfish" check --online <(echo 'jobs = ( { name = "a"; exec = "true"; } );')
	[[ $output == *"there is no Consul in it"* ]]
	run -65 "$pilotfish" check --online <(echo 'jobs = ( { name = "a"; exce = "true"; } );')
	consul_token=''
	start_consul -n open
	check_online 0
	[[ $output == *"its ACLs are off, so no rights are needed"* ]]
	check_online 0 ignored
}

@test "Consul hangs, fails or answers nonsense" {
	start_fake_consul
	echo "consul = \"$fake_address\"; jobs = ( { name = \"app\"; exec = \"true\"; port = 80; } );" >"$dir/fake.conf"
	for mode in 500 garbage shape truncated close reset empty 404; do
		fake mode '{"mode": "'$mode'"}'
		run -69 --separate-stderr timeout -k 1 15 "$pilotfish" check --online "$dir/fake.conf"
		[[ $stderr == "pilotfish: consul at $fake_address"* ]] || fail "$mode: $stderr"
	done
	fake mode '{"mode": "403"}'
	run -77 --separate-stderr "$pilotfish" check --online "$dir/fake.conf"
	[[ $stderr == *"refuses our token: 403"* ]]
}

@test "more rights than Consul answers for at once" {
	{
		echo "consul = { address = \"$consul_address\"; }; jobs = ( { name = \"app\"; exec = \"true\"; } ); watches = ("
		for i in $(seq 100); do
			echo "{ name = \"w$i\"; }$([ "$i" = 100 ] || echo ,)"
		done
		echo ");"
	} >"$dir/many.conf"
	run -77 --separate-stderr "$pilotfish" check --online "$dir/many.conf"
	[[ $(grep -c '^service "w' <<<"$output") == 100 && $(grep -c '^node_prefix' <<<"$output") == 1 ]]
}
