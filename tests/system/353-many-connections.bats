# More watches than the agent takes connections from one address.

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
