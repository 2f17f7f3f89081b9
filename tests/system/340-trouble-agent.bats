# A real agent that is late, away, hung, or has lost its data.
# plain

load lib
load measure
load trouble

# Starts a real agent with two instances of db, and a pilotfish that knows them.
begin()
{
	start_consul "$@" --config '{"log_level": "warn"}'
	register_db
	begin_trouble "$consul_address" "${keys-}"
}

register_db()
{
	register db db-1 5431
	register db db-2 5432
}

@test "absent at the start: the workload starts at once, and registers when Consul comes" {
	start_consul --config '{"log_level": "warn"}'
	kill_consul
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; health = { exec = "true"; interval = "50ms"; failures = 40; ttl = "1s"; }; } );
		watches = ( { name = "db"; onChange = "true"; } );
	EOF
	expect_events "app running" "app healthy"
	at_most 300 "$(between "global startup" "app running")"
	expect_log 'consul at .* does not answer'
	go_on 30
	[[ $(complaints | wc -l) == 1 ]]
	refute_events "watch.db changed" "watch.db unhealthy"
	consul_run
	LIMIT=15 await_passing app 1
	register_db
	expect_events "watch.db changed" "watch.db unhealthy" "watch.db healthy" "db.onChange exitSuccess"
	stop_pilotfish
	expect_code 0
}

@test "hung without an answer: everything goes on, and later catches up" {
	begin
	pause_consul
	expect_log 'consul at .* does not answer: no answer within 2s'
	go_on
	resume_consul
	await_passing app 1
	deregister db-1
	LIMIT=20 expect_events "watch.db changed"
	expect_log 'consul at .* answers again'
	expect_unharmed
}

@test "restarted with its data: nothing is registered twice, no set changes" {
	begin --data
	index=$(consul_get /v1/health/service/app | jq '.[0].Service.CreateIndex')
	restart_consul
	LIMIT=15 await_passing app 1
	[[ $(consul_get /v1/health/service/app | jq '.[0].Service.CreateIndex') == "$index" ]]
	expect_log 'consul at .* answers again'
	# The checks of the others are critical at first; the empty set does not count before it settles.
	go_on 10
	refute_events "watch.db changed"
	expect_unharmed
	refute_log 'has lost'
}

@test "restarted without its data: registered again, the set only grows" {
	begin
	restart_consul
	LIMIT=15 await_passing app 1
	expect_log 'service app[^ ]*: consul has lost it|service app-[^ ]* at .* is registered'
	register db db-2 5432
	register db db-3 5433
	LIMIT=15 expect_events "watch.db changed" "db.onChange exitSuccess"
	[[ $(instances) == '["db-1","db-2","db-3"]' ]]
	expect_unharmed
}

@test "after the time to settle, missing entries are removed" {
	keys='settle = "1s"' begin
	restart_consul
	register db db-2 5432
	LIMIT=15 expect_events "watch.db changed" "db.onChange exitSuccess"
	[[ $(instances) == '["db-2"]' ]]
	[[ $(jq -c '[.removed[].id]' "$dir/documents" | tail -n 1) == '["db-1"]' ]]
	expect_unharmed
}

@test "an entry that another client has removed is registered again" {
	begin
	deregister "app-$(hostname)"
	await_passing app 1
	expect_log 'service app[^ ]*: consul has lost it'
	expect_unharmed
}

@test "gone for good: the stop does not wait for it" {
	begin
	kill_consul
	expect_log 'consul at .* does not answer'
	go_on 10
	stop_pilotfish
	expect_code 0
	at_most 400 "$took"
}
