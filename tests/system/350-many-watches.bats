# A thousand watches of one pilotfish: few connections, and no change is missed.

load lib
load many

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
	"$lib/helpers/fill-consul" "$consul_address" 1000
	consul_put /v1/kv/deep/down/0/key first
}

# on NODE SERVICE [MEMBERS-OF-SERVICE [CHECK-STATUS]]: its first instance, as if registered by its agent.
on()
{
	local node=$1 name=$2 members=${3-} status=${4-}

	jq -n --arg node "$node" --arg name "$name" --arg status "$status" --argjson members "{ ${members} }" '
		{ Node: $node, Address: "192.0.2.1", SkipNodeUpdate: true }
		+ { Service: ({ ID: ($name + "-1"), Service: $name, Port: 80 } + $members) }
		+ if $status == "" then {} else { Check: { Node: $node, CheckID: ($name + "-1"),
			Name: "health", ServiceID: ($name + "-1"), Status: $status } } end' |
		consul_put /v1/catalog/register @- >/dev/null
}

# One test, because all parts need the same thousand watches.
@test "a thousand watches share less than a hundred connections and miss nothing" {
	begin_many "$consul_address" 1000 'name = "key"; key = "deep/down/0/key";' \
		'name = "tree"; prefix = "deep/down";' 'name = "none"; key = "deep/none";'
	few_connections

	# a check's status
	for name in s0001 s0502 s0983; do on many "$name" '' critical; done
	expect_changed s0001 s0502 s0983
	refute_events "watch.s0500 changed" "watch.s0002 changed" "watch.s0982 changed"
	for name in s0001 s0502 s0983; do on many "$name" '' passing; done
	await recovered s0001 s0502 s0983

	# another instance, with a check and without, and away again
	mark
	for name in s0011 s0511; do on many "$name" '"ID": "another"' passing; done
	for name in s0020 s0520; do on many "$name" '"ID": "other-'"$name"'"'; done
	expect_changed s0011 s0511 s0020 s0520
	mark
	consul_put /v1/catalog/deregister '{ "Node": "many", "ServiceID": "other-s0020" }'
	consul_put /v1/catalog/deregister '{ "Node": "many", "ServiceID": "s0012-1" }'
	consul_put /v1/catalog/deregister '{ "Node": "many", "ServiceID": "s0530-1" }'
	expect_changed s0020 s0012 s0530

	# tags, meta, port and address, which no check shows
	mark
	on many s0040 '"Tags": [ "new" ]'
	on many s0150 '"Meta": { "new": "yes" }'
	on many s0560 '"Port": 81'
	on many s0970 '"Address": "192.0.2.2"'
	on many s0571 '"Port": 81'
	expect_changed s0040 s0150 s0560 s0970 s0571

	# a node's check, which counts for all its services
	mark
	consul_put /v1/catalog/register '{ "Node": "few", "Address": "192.0.2.1", "SkipNodeUpdate": true,
		"Check": { "Node": "few", "CheckID": "disk", "Name": "disk", "Status": "critical" } }'
	expect_changed s099{0,1,2,3,4,5,6,7,8,9}
	refute_events "watch.s0500 changed"
	mark
	consul_put /v1/catalog/deregister '{ "Node": "few", "CheckID": "disk" }'
	expect_changed s099{0,1,2,3,4,5,6,7,8,9}

	# a node's address, which instances without one inherit
	mark
	consul_put /v1/catalog/register '{ "Node": "few", "Address": "192.0.2.9" }'
	expect_changed s099{0,1,2,3,4,5,6,7,8,9}
	mark
	consul_put /v1/catalog/deregister '{ "Node": "few" }'
	expect_changed s099{0,1,2,3,4,5,6,7,8,9}

	# keys
	mark
	consul_put /v1/kv/deep/down/0/key second
	expect_changed key tree
	refute_events "watch.none changed"
	consul_put /v1/kv/deep/none some
	expect_changed none

	few_connections
	refute_log '"level":"(warn|error)"'
}

recovered()
{
	local name

	for name in "$@"; do
		(($(count_events "watch.$name healthy") == 1)) || return
	done
}
