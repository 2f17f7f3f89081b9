# Trouble with Consul, with rights and with the lock, and the messages about it.
# plain

load elections

setup()
{
	begin_election
}

teardown()
{
	lib_teardown
}

@test "no right to sessions: the log names the missing rule" {
	election_consul --acl
	consul_keys="token = \"$(consul_token_for 'key_prefix "" { policy = "write" } service_prefix "" { policy = "write" }
		node_prefix "" { policy = "read" }')\";" candidate c1
	LIMIT=20 expect_log -n c1 "refuses our token .*lacks session:write on the agent's node"
	refute_events -n c1 "election.db elected"
	stop_pilotfish -n c1
	expect_code 0
}

@test "no right to the key: the log names the missing rule" {
	election_consul --acl
	consul_keys="token = \"$(consul_token_for 'session_prefix "" { policy = "write" } service_prefix "" { policy = "write" }
		node_prefix "" { policy = "read" } agent_prefix "" { policy = "read" }')\";" candidate c1
	LIMIT=20 expect_log -n c1 "refuses our token .*lacks key:write on .*$key"
	refute_events -n c1 "election.db elected"
	stop_pilotfish -n c1
	expect_code 0
}

@test "only the right to read the key: the log names the missing rule" {
	election_consul --acl
	consul_keys="token = \"$(consul_token_for 'session_prefix "" { policy = "write" } service_prefix "" { policy = "write" }
		node_prefix "" { policy = "read" } agent_prefix "" { policy = "read" } key_prefix "" { policy = "read" }')\";" candidate c1
	LIMIT=20 expect_log -n c1 "refuses our token .*lacks key:write on .*$key"
	refute_events -n c1 "election.db elected"
}

@test "the documented rights suffice" {
	election_consul --acl
	consul_keys="token = \"$(consul_token_for "session_prefix \"\" { policy = \"write\" } service_prefix \"\" { policy = \"write\" }
		node_prefix \"\" { policy = \"read\" } key_prefix \"${key%/leader}\" { policy = \"write\" }")\";" candidate c1
	LIMIT=20 await_primary -n c1
	stop_pilotfish -n c1
	expect_code 0
	[[ $(consul_get /v1/session/list | jq length) == 0 ]]
}

@test "the leader loses its rights: it ends in time" {
	local id began

	election_consul --acl
	token=$(consul_token_for 'session_prefix "" { policy = "write" } service_prefix "" { policy = "write" }
		node_prefix "" { policy = "read" } key_prefix "" { policy = "write" }')
	consul_keys="token = \"$token\";" candidate c1
	LIMIT=20 await_primary -n c1
	began=$(boottime)
	consul_request DELETE "/v1/acl/token/$(<"$dir/accessor")" >/dev/null
	LIMIT=15 expect_events -n c1 "election.db deposed" "db exitFailed"
	at_most 1600 $(($(last_beat c1) - began))
	expect_reigns --count 1
}

@test "a foreign session holds the key" {
	local other

	election_consul
	other=$(consul_put /v1/session/create '{ "LockDelay": "1ms" }' | jq -r .ID)
	consul_put "/v1/kv/$key?acquire=$other" mine
	candidate c1
	expect_log -n c1 "key $key has a value that no election has written, and is locked by session $other"
	refute_events -n c1 "election.db elected"
	[[ $(lock_value) == mine ]]
	consul_request DELETE "/v1/kv/$key" >/dev/null
	LIMIT=15 await_primary -n c1
	expect_reigns --count 1
}

@test "the key has a foreign value: it is not touched, and the log says how to go on" {
	election_consul
	consul_put "/v1/kv/$key" "hello, world"
	candidate c1
	expect_log -n c1 "key $key has a value that no election has written: delete it"
	refute_events -n c1 "election.db elected"
	[[ $(lock_value) == "hello, world" ]]
	consul_request DELETE "/v1/kv/$key" >/dev/null
	LIMIT=15 await_primary -n c1
	[[ $(lock_value | jq -r .id) == c1 ]]
}

@test "the leader's value is overwritten: the leader writes it again and is not deposed" {
	local text

	election_consul
	candidate c1
	LIMIT=15 await_primary
	candidate c2
	expect_events -n c2 "election.db leader"
	for text in '{' '[]' 'nonsense' '{"id":5,"epoch":"x"}' "$(head -c 100000 /dev/zero | tr '\0' x)"; do
		consul_put "/v1/kv/$key" "$text" >/dev/null
		await eval '[[ $(lock_value | jq -r .id) == c1 ]] 2>/dev/null'
	done
	refute_events -n c1 "election.db deposed"
	expect_reigns --count 1
	stop_pilotfish -n c1
	await_primary -n c2
}

@test "the key of the leader is deleted: the leader ends at once" {
	local began

	election_consul
	candidate c1
	LIMIT=15 await_primary
	began=$(boottime)
	consul_request DELETE "/v1/kv/$key" >/dev/null
	expect_events -n c1 "election.db deposed" "db exitFailed"
	at_most 1000 $(($(boottime) - began))
	LIMIT=15 await_primary
	expect_reigns --count 2
}

@test "an epoch lower than one already seen: refused, and the log says how to go on" {
	election_consul
	echo 4000000000 >"$dir/c1.epoch"
	candidate c1 "epochFile = \"$dir/c1.epoch\";"
	LIMIT=20 expect_log -n c1 'epoch.*(4000000000|lower)'
	expect_log -n c1 'accept-epoch'
	refute_events -n c1 "db running"
	expect_reigns --count 0
}

@test "Consul loses its data: the epoch is lower than one already seen" {
	election_consul
	consul_put /v1/kv/padding x
	candidate c1
	LIMIT=15 await_primary
	restart_consul --lose-data
	expect_events -n c1 "election.db deposed"
	LIMIT=30 expect_log -n c1 'consul at .* answers again'
	LIMIT=20 expect_log -n c1 'epoch'
	expect_reigns --min 1
}

@test "a ttl below Consul's minimum: the log names the minimum" {
	start_consul
	candidate c1 'bind = "session";'
	LIMIT=15 expect_log -n c1 '[Tt][Tt][Ll]'
	refute_events -n c1 "election.db elected"
}

@test "no Consul leader at the start: the job starts as a follower, and the log says why" {
	local ports

	free_port ports
	start_consul_without_leader
	member c1
	expect_events -n c1 "db running"
	LIMIT=15 expect_log -n c1 '([Nn]o cluster leader|500)'
	refute_events -n c1 "election.db elected"
	stop_pilotfish -n c1
	expect_code 0
}

# A server that waits for two more servers.
start_consul_without_leader()
{
	consul_dir=$dir consul=lonely consul_token=''
	consul_settings lonely '{ "bootstrap_expect": 3, "session_ttl_min": "1s" }' '' '' yes
	start_program lonely env -i PATH="$PATH" HOME="$dir" consul agent -config-file="$dir/lonely.json"
	await eval 'consul_get /v1/agent/self >/dev/null 2>&1'
}
