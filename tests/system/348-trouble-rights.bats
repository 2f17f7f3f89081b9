# A token that loses rights or is deleted: entries that Consul hides are kept.

load lib
load measure
load trouble

setup_file()
{
	start_consul --acl --config '{"log_level": "warn"}'
}

policy='service_prefix "" { policy = "write" } node_prefix "" { policy = "read" }'

setup()
{
	token=$(consul_token_for "$policy")
	register db db-1 5431
	register db db-2 5432
	deregister db-3 2>&1 | grep -q . || true
	begin_trouble "$consul_address" "token = \"$token\""
}

# Sets the rights of our token.
rights()
{
	local id

	id=$(consul_get "/v1/acl/token/$(<"$dir/accessor")" | jq -r '.Policies[0].ID')
	consul_put "/v1/acl/policy/$id" "$(jq -n --arg name "changed$RANDOM$RANDOM" --arg rules "$1" \
		'{ Name: $name, Rules: $rules }')" >/dev/null
}

recover_rights()
{
	register db db-3 5433
	LIMIT=20 expect_events "watch.db changed" "db.onChange exitSuccess"
	[[ $(instances) == '["db-1","db-2","db-3"]' ]]
	await_passing app 1
	expect_unharmed
	refute_log "$token"
}

@test "the right to read the service is taken away and given back" {
	rights 'service "app" { policy = "write" } node_prefix "" { policy = "read" }'
	register db db-1 5439		# so that the query is answered
	expect_log 'consul refuses our token for watch.db: no right to read service .*db'
	go_on 10
	refute_events "watch.db changed"
	rights "$policy"
	register db db-1 5431
	recover_rights
}

@test "the right to read nodes is taken away and given back" {
	rights 'service_prefix "" { policy = "write" }'
	register db db-1 5439
	expect_log 'consul refuses our token for watch.db: no right to read node .*consul'
	go_on 10
	refute_events "watch.db changed"
	rights "$policy"
	register db db-1 5431
	recover_rights
}

@test "a set that is really empty is believed, with rights" {
	deregister db-1
	deregister db-2
	expect_events "watch.db changed" "watch.db unhealthy"
	[[ $(complaints | wc -l) == 0 ]]
}

@test "the token is deleted: logged once, everything stays" {
	consul_request DELETE "/v1/acl/token/$(<"$dir/accessor")" >/dev/null
	register db db-1 5439
	expect_log 'consul refuses our token for watch.db: .*403'
	expect_log 'consul refuses our token for service app: .*403'
	go_on 30
	refute_events "watch.db changed"
	register db db-1 5431
	expect_unharmed
	[[ $(complaints | wc -l) == 2 ]]
	stop_pilotfish
	expect_code 0
	at_most 400 "$took"
	register db db-1 5431
	deregister "app-$(hostname)"
}
