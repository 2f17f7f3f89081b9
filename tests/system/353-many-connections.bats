# More watches than the agent takes connections from one address.
# plain

load lib

watch_list()		# N
{
	local i

	for ((i = 0; i < $1; i++)); do
		printf '{ name = "w%d"; },' "$i"
	done
	echo '{ name = "last"; }'
}

checks()
{
	grep -c '"app.health","event":"exitSuccess"' "$dir/main.log"
}

checked_for_two_ttls()
{
	(($(checks) > since + 30))
}

@test "more watches than the agent takes connections: the registration goes before them, and the log names the limit" {
	start_consul -n crowded --config '{"log_level": "warn", "limits": { "http_max_conns_per_client": 8 }}'
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "gate"; exec = "sleep 2"; },
			 { name = "app"; exec = "sleep 1000"; port = 80; when = { source = "gate"; once = "exitSuccess"; };
			   health = { exec = "true"; interval = "200ms"; ttl = "3s"; }; } );
		watches = ( $(watch_list 20) );
	EOF
	expect_events "app healthy"
	LIMIT=80 expect_log "service app-.* is registered"
	expect_log 'closes new connections: this address has reached its limit, limits.http_max_conns_per_client .200 by default.'
	since=$(checks)
	LIMIT=20 await checked_for_two_ttls
	[[ -s $dir/crowded.log ]]
	! grep -q 'missed TTL' "$dir/crowded.log" || fail "a heartbeat found no connection"
	[[ $(grep -c 'closes new connections' "$dir/main.log") == 1 ]]
	stop_pilotfish
	expect_code 0
	expect_log 'service app-[^ ]* is deregistered'
}

@test "others have all connections: the log names the limit, and one that comes free is used" {
	start_consul -n taken --config '{"log_level": "warn", "limits": { "http_max_conns_per_client": 8 }}'
	python3 - "$consul_address" >"$dir/holder" <<-'EOF' &
		import socket, sys, time
		host, port = sys.argv[1].split("//")[-1].split(":")
		held = [socket.create_connection((host, int(port))) for _ in range(8)]
		print("all", flush=True)
		time.sleep(100)
	EOF
	holder=$!
	await grep -q all "$dir/holder"
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; } );
	EOF
	expect_log 'does not answer: .*; it may be starting, or this address has reached its limit, limits.http_max_conns_per_client .200 by default.'
	kill "$holder"
	LIMIT=40 expect_log "service app-.* is registered"
}
