# Answers that are too long or too slow, or that never come.

load lib
load measure
load trouble

setup()
{
	begin_fake_trouble
}

@test "an answer of 100 MB: memory is bounded, and returned" {
	before=$(rss_of "$pid")
	fake mode '{ "mode": "huge", "path": "/v1/health", "count": 1 }'
	LIMIT=20 expect_log 'consul cannot serve watch.db: an answer of more than'
	[[ $(instances) == '["db-1","db-2"]' ]]
	go_on
	if [[ ! $sanitized ]]; then
		at_most 150000 "$(rss_of "$pid")"
		at_most $((before + 8000)) "$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")"
	fi
	recover
	refute_events "app unhealthy" "watch.db unhealthy"
}

@test "an answer of a byte a second delays nothing else" {
	fake mode '{ "mode": "drip" }'
	go_on 30
	[[ $(instances) == '["db-1","db-2"]' ]]
	expect_unharmed
	stop_pilotfish
	at_most 2500 "$took"
}

@test "no answer at all, to anything" {
	fake mode '{ "mode": "hang" }'
	expect_log 'consul at .* does not answer: no answer within 2s'
	go_on 30
	[[ $(instances) == '["db-1","db-2"]' ]]
	[[ $(complaints | wc -l) == 1 ]]
	recover
	expect_log 'consul at .* answers again after'
	expect_unharmed
}

@test "the connection is refused for a while" {
	fake mode '{ "mode": "refuse", "seconds": 3 }'
	expect_log 'consul at .* does not answer: '
	go_on
	[[ $(instances) == '["db-1","db-2"]' ]]
	[[ $(complaints | wc -l) == 1 ]]
	expect_log 'consul at .* answers again after'
	recover
	expect_unharmed
}

@test "no answer from the start on: pilotfish starts and ends all the same" {
	stop_pilotfish
	fake mode '{ "mode": "hang" }'
	start_pilotfish <<-EOF
		consul = "$fake_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; health = { exec = "true"; interval = "50ms"; ttl = "1s"; }; } );
		watches = ( { name = "db"; onChange = "true"; } );
	EOF
	expect_events "app running" "app healthy"
	at_most 500 "$(between "global startup" "app healthy")"
	refute_events "watch.db changed"
	stop_pilotfish
	expect_code 0
	at_most 300 "$took"
}
