# Maintenance: out of traffic, but running.

load lib
load measure

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
}

@test "SIGUSR2 takes the services out and lets the process run, a second one returns them" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "duty"; exec = "sleep 1000"; port = 80; services = ( { name = "duty-admin"; port = 81; } );
			   health = { exec = "true"; interval = "100ms"; }; } );
	EOF
	await_passing duty 1
	await_passing duty-admin 1
	for _ in 1 2; do
		mark
		signal_pilotfish USR2
		expect_events "global enterMaintenance"
		await_passing duty 0
		await_passing duty-admin 0
		await_consul 1 /v1/catalog/service/duty
		expect_events "duty.health exitSuccess" "duty.health exitSuccess"
		signal_pilotfish USR2
		expect_events "global exitMaintenance"
		await_passing duty 1
		await_passing duty-admin 1
		refute_events "duty exitSuccess" "duty exitFailed" "duty unhealthy"
	done
}

@test "maintenance holds through restarts of the process and a Consul that forgets" {
	start_consul -n other
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "duty"; exec = [ "sh", "-c", "echo \$\$ >$dir/app; exec sleep 1000" ]; port = 80;
			   restarts = "unlimited"; health = { exec = "true"; interval = "100ms"; ttl = "2s"; }; } );
	EOF
	await_passing duty 1
	signal_pilotfish USR2
	await_passing duty 0
	kill -KILL "$(<"$dir/app")"
	expect_events "duty exitFailed" "duty running" "duty healthy"
	restart_consul
	await_consul 1 /v1/catalog/service/duty
	await_checks duty critical 1
	await_passing duty 0
	signal_pilotfish USR2
	await_passing duty 1
}

@test "maintenance that an earlier process left is ended" {
	address=192.0.2.1
	consul_put /v1/agent/service/register "{\"Name\": \"legacy\", \"ID\": \"legacy-$(hostname)\",
		\"Address\": \"$address\", \"Port\": 80}"
	consul_put "/v1/agent/service/maintenance/legacy-$(hostname)?enable=true"
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "legacy"; exec = "sleep 1000"; port = 80; interfaces = "static:$address"; } );
	EOF
	await_passing legacy 1
}
