# A reload and what is known from Consul, and to it.

load jobs

setup_file()
{
	start_consul
}

reload()
{
	mark
	write_config
	signal_pilotfish HUP
	expect_events "global reloaded"
}

# The index at which this service was last registered.
registered_at()
{
	consul_get "/v1/catalog/service/$1" | jq '.[0].ModifyIndex'
}

@test "an unchanged watch and its onChange hook do not notice" {
	register db-kept db-kept-1 1
	config()	# OF-OTHER
	{
		cat <<-EOF
			consul = "$consul_address";
			watches = ( { name = "db-kept"; onChange = "$dir/hook"; } );
			jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "other"; exec = "sleep $1"; } );
		EOF
	}

	script hook <<<"jq -r '.instances | length'"
	start_pilotfish <<<"$(config 1000)"
	expect_events "db-kept.onChange exitSuccess"
	reload <<<"$(config 1001)"
	expect_events "other running"
	refute_events "watch.db-kept changed" "db-kept.onChange running"
	register db-kept db-kept-2 2
	expect_events "watch.db-kept changed" "db-kept.onChange exitSuccess"
	[[ $(said db-kept.onChange) == $'1\n2' ]]
	stop_pilotfish
	expect_code 0
}

@test "a new onChange hook runs with what is there; a changed watch begins anew" {
	register db-new db-new-1 1
	start_pilotfish <<-EOF
		consul = "$consul_address";
		watches = ( { name = "db-new"; onChange = "echo old"; } );
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "db-new.onChange exitSuccess"
	app=$(job_pid app)
	reload <<-EOF
		consul = "$consul_address";
		watches = ( { name = "db-new"; service = "db-new"; tag = "none"; onChange = "jq -c .instances"; } );
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "watch.db-new changed" "db-new.onChange exitSuccess"
	lives "$app"
	[[ $(said db-new.onChange) == $'old\n[]' ]]
	stop_pilotfish
	expect_code 0
}

@test "an unchanged service stays registered as it is; a changed one goes and comes" {
	config()	# TAG
	{
		cat <<-EOF
			consul = "$consul_address";
			jobs = ( { name = "kept"; exec = "sleep 1000"; port = 4001; health = { exec = "true"; interval = "1s"; }; },
				 { name = "changed"; exec = "sleep 1000"; port = 4002; tags = [ "$1" ]; health = { exec = "true"; interval = "1s"; }; } );
		EOF
	}

	start_pilotfish <<<"$(config one)"
	await_passing kept 1
	await_passing changed 1
	kept=$(registered_at kept)
	reload <<<"$(config two)"
	expect_events "changed running" "changed healthy"
	await_passing changed 1
	[[ $(consul_get /v1/catalog/service/changed | jq -c '.[0].ServiceTags') == '["two"]' ]]
	[[ $(registered_at kept) == "$kept" ]]
	refute_events "kept unhealthy" "kept stopped"
	stop_pilotfish
	await_gone kept
	await_gone changed
	expect_code 0
}

@test "Consul's address is added, changed, taken away: jobs go on" {
	local app

	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	app=$(job_pid app)
	reload <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "svc"; exec = "sleep 1000"; port = 4003; } );
	EOF
	await_passing svc 1
	svc=$(job_pid svc)
	reload <<-EOF
		consul = { address = "$consul_address"; settle = "1s"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "svc"; exec = "sleep 1000"; port = 4003; } );
	EOF
	await_passing svc 1
	lives "$svc"
	reload <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	await_gone svc
	lives "$app"
	stop_pilotfish
	expect_code 0
}
