# A Consul that has lost its data empties none of a thousand sets.

load lib
load many

@test "a thousand sets stay when Consul is restarted without its data" {
	start_consul --config '{"log_level": "warn"}'
	"$lib/helpers/fill-consul" "$consul_address" 1000
	settle=200s
	begin_many "$consul_address" 1000
	restart_consul --lose-data
	# Sets with new entries grow, all others stay.
	consul_put /v1/catalog/register '{ "Node": "new", "Address": "192.0.2.1", "Service": { "Service": "s0500" } }'
	consul_put /v1/catalog/register '{ "Node": "new", "Address": "192.0.2.1", "Service": { "Service": "s0001" } }'
	LIMIT=60 expect_changed s0500 s0001
	"$lib/helpers/fill-consul" "$consul_address" 1000
	mark
	consul_put /v1/catalog/register '{ "Node": "newer", "Address": "192.0.2.1", "Service": { "Service": "s0700" } }'
	LIMIT=60 expect_changed s0700
	[[ $(grep -c '"source":"[^"]*","event":"unhealthy"' "$dir/main.log") == 1 ]]	# Consul itself
	few_connections
}
