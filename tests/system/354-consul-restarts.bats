# A restart of a Consul server with its data changes no file and runs no command.
#
# A new leader answers default reads before it has replayed its log: deleted keys and old values come back, and keys
# are missing.  RESTARTS=20 is the long version.
#
# serial unless sanitized

load templates

setup_file()
{
	start_consul --data --config '{"log_level": "warn"}'
	fill
	export CONSUL_HTTP_ADDR=$consul_address
}

# 1,000 log entries: versions of flap/v, keys below flap/l/ of which a third is deleted, and deleted flap/gone.
fill()
{
	python3 - "$consul_address" <<-'EOF'
		import sys, urllib.request
		opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

		def send(method, key, body=None):
		    opener.open(urllib.request.Request(f"{sys.argv[1]}/v1/kv/flap/{key}", body, method=method), timeout=30).read()

		for n in range(60):
		    send("PUT", f"l/{n:02d}", b"1")
		send("PUT", "gone", b"1")
		for n in range(0, 60, 3):
		    send("DELETE", f"l/{n:02d}")
		send("DELETE", "gone")
		for n in range(860):
		    send("PUT", "v", b"gen%d" % n)
	EOF
}

flap_template()
{
	template "$1" <<'EOF'
{{ key "flap/v" }} {{ len (ls "flap/l/") }} {{ keyOrDefault "flap/v" "DEF" }} {{ keyExists "flap/v" }} {{ keyExists "flap/gone" }} {{ len (tree "flap/l") }}
EOF
}

expected='gen859 40 gen859 true false 40'

@test "a template and watches through restarts: no changed byte, no run of a command" {
	flap_template flap
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { name = "v"; key = "flap/v"; onChange = "true"; }, { name = "l"; prefix = "flap/l/"; onChange = "true"; },
			    { name = "gone"; key = "flap/gone"; onChange = "true"; } );
		templates = ( $(entry flap "exec = \"true\"") );
	EOF
	expect_file flap "$expected"
	LIMIT=20 await have_run
	inode=$(stat -c %i:%Y "$dir/flap")
	mark
	for ((n = 0; n < ${RESTARTS:-4}; n++)); do
		restart_consul
		await count_log_is $((n + 1)) 'answers again'
		await settled
	done
	[[ $(stat -c %i:%Y "$dir/flap") == "$inode" ]]
	refute_events "template.flap changed" "flap.exec running" "watch.v changed" "watch.l changed" "watch.gone changed" \
		"v.onChange running" "l.onChange running" "gone.onChange running"
	# A change is seen all the same.
	[[ $(consul_put /v1/kv/flap/v gen860) == true ]]
	expect_events "watch.v changed" "v.onChange exitSuccess"
	expect_file flap 'gen860 40 gen860 true false 40'
	[[ $(consul_put /v1/kv/flap/v gen859) == true ]]
	expect_file flap "$expected"
}

have_run()
{
	[[ $(count_events "v.onChange exitSuccess") == 1 && $(count_events "l.onChange exitSuccess") == 1 &&
	   $(count_events "gone.onChange exitSuccess") == 1 ]]
}

count_log_is()
{
	(($(count_log "$2") >= $1))
}

# Late answers of this restart have come.
settled()
{
	local seen=$SECONDS

	until ((SECONDS - seen > 1)); do sleep 0.1; done
}

@test "--once begun while Consul is down writes no defaults" {
	flap_template once
	for ((n = 0; n < ${RESTARTS:-4}; n++)); do
		rm -f "$dir/once"
		kill_consul
		start_pilotfish render -t "$dir/once.ctmpl:$dir/once" --once
		expect_log 'does not answer'
		consul_run
		LIMIT=30 wait_exit
		expect_code 0
		[[ $(<"$dir/once") == "$expected" ]] || fail "restart $n: $(<"$dir/once")"
	done
}

@test "watches without a connection through restarts: no change" {
	{
		echo "consul = \"$consul_address\";"
		echo 'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
		echo 'watches = ( { name = "w0"; prefix = "flap/"; }'
		printf ', { name = "w%d"; key = "flap/v"; }, { name = "x%d"; prefix = "flap/l/"; }' $(for n in {1..50}; do echo "$n $n"; done)
		echo ');'
	} | start_pilotfish
	LIMIT=20 await has_first_answers 101
	mark
	for ((n = 0; n < ${RESTARTS:-4}; n += 2)); do
		restart_consul
		await count_log_is $((n / 2 + 1)) 'answers again'
		await settled
	done
	[[ $(count_log '"source":"watch[^"]*","event":"changed"') == 0 ]]
	[[ $(consul_put /v1/kv/flap/v gen860) == true ]]
	LIMIT=20 await has_changes 51
	[[ $(consul_put /v1/kv/flap/v gen859) == true ]]
}

has_first_answers()
{
	(($(grep -c '"source":"watch[^"]*","event":"changed"' "$dir/main.log") == $1))
}

has_changes()
{
	(($(count_log '"source":"watch[^"]*","event":"changed"') == $1))
}
