# Answers without waiting, and wrong indexes.

load lib
load measure
load trouble

setup()
{
	begin_fake_trouble
}

@test "an agent that never waits is asked ten times a second" {
	fake forget
	fake mode '{ "mode": "spin", "path": "/v1/health" }'
	go_on 40
	took=$(($(now) - trouble_began))
	asked=$(fake 'requests?path=/v1/health' | jq length)
	at_most $((12 + took / 90)) "$asked"
	at_least $((took / 400)) "$asked"
	[[ $(count_events "watch.db changed") == 0 ]]
	recover
	expect_unharmed
}

@test "an index that goes backwards and forwards again" {
	fake forget
	fake mode '{ "mode": "backwards", "path": "/v1/health" }'
	go_on 40
	at_most $((12 + ($(now) - trouble_began) / 90)) "$(fake 'requests?path=/v1/health' | jq length)"
	[[ $(count_events "watch.db changed") == 0 ]]
	# A few more answers with the right index suffice.
	fake forget
	fake mode '{ "mode": "spin", "path": "/v1/health" }'
	fake 'wait?path=/v1/health&count=3' >/dev/null
	recover
	expect_unharmed
}

@test "an agent that has lost all and starts from index 1" {
	fake lose
	expect_log 'service app[^ ]*: consul has lost it|service app-.* is registered'
	consul_address=$fake_address await_passing app 1
	go_on 20
	[[ $(instances) == '["db-1","db-2"]' ]]
	fake service '{ "ID": "db-2", "Service": "db", "Port": 5432 }'
	recover_after_loss
}

recover_after_loss()
{
	fake service '{ "ID": "db-3", "Service": "db", "Port": 5433 }'
	LIMIT=15 expect_events "watch.db changed" "db.onChange exitSuccess"
	[[ $(instances) == '["db-1","db-2","db-3"]' ]]
	expect_unharmed
}
