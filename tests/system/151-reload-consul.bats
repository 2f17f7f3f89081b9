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

@test "an unchanged service stays registered as it is; one at another port goes and comes" {
	config()	# PORT
	{
		cat <<-EOF
			consul = "$consul_address";
			jobs = ( { name = "kept"; exec = "sleep 1000"; port = 4001; health = { exec = "true"; interval = "1s"; }; },
				 { name = "changed"; exec = "sleep 1000"; port = $1; health = { exec = "true"; interval = "1s"; }; } );
		EOF
	}

	start_pilotfish <<<"$(config 4002)"
	await_passing kept 1
	await_passing changed 1
	kept=$(registered_at kept)
	reload <<<"$(config 4003)"
	expect_log 'changed has changed: port; it is replaced'
	expect_events "changed running" "changed healthy"
	await_passing changed 1
	[[ $(consul_get /v1/catalog/service/changed | jq -c '.[0].ServicePort') == 4003 ]]
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

created()		# the index with which the entry of app came into being
{
	consul_get /v1/catalog/service/app | jq '.[0].CreateIndex'
}

has_field()		# JQ VALUE: of the entry of app
{
	[[ $(consul_get /v1/health/service/app | jq -c ".[0]$1") == "$2" ]]
}

takes_over()		# KEY KEYS-OF-APP: a reload with these keys, which keeps the process and the entry
{
	reload <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 4001; ${2-} } );
	EOF
	expect_log "app has changed: $1; it takes that over and goes on"
	[[ $(job_pid app) == "$app" && $(created) == "$created" ]]
	refute_events "app stopped" "app running" "app unhealthy"
	lives "$app"
}

@test "a change that needs no other process keeps the process and the registration" {
	health='health = { exec = "true"; interval = "100ms"; };'
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 4001; $health } );
	EOF
	await_passing app 1
	app=$(job_pid app) created=$(created)
	takes_over tags "$health tags = [ \"two\" ];"
	await has_field .Service.Tags '["two"]'
	takes_over 'tags, meta' "$health meta = { version = \"2\"; };"
	await has_field .Service.Meta.version '"2"'
	takes_over 'meta, drain, weights' "$health drain = \"1s\"; weights = { passing = 5; };"
	await has_field .Service.Weights.Passing 5
	takes_over 'drain, weights, restarts, stopTimeout' "$health restarts = \"unlimited\"; stopTimeout = \"1s\";"
	await_passing app 1
	touch "$dir/well"
	takes_over health "restarts = \"unlimited\"; stopTimeout = \"1s\"; health = { exec = \"test -e $dir/well\"; interval = \"100ms\"; ttl = \"20s\"; };"
	rm "$dir/well"
	expect_events "app unhealthy"
	await_passing app 0
	stop_pilotfish
	expect_code 0
	await_gone app
}

@test "a changed stopTimeout, drain and stopSignal hold for the running process" {
	script deaf <<-'EOF'
		trap '' TERM
		trap 'echo USR1' USR1
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	start_pilotfish <<<"stopTimeout = \"20s\"; jobs = ( { name = \"app\"; exec = \"$dir/deaf\"; } );"
	expect_log '"ready"'
	app=$(job_pid app)
	reload <<<"stopTimeout = \"20s\"; jobs = ( { name = \"app\"; exec = \"$dir/deaf\"; stopSignal = \"SIGUSR1\"; stopTimeout = \"500ms\"; drain = \"300ms\"; } );"
	expect_log 'app has changed: stopSignal, stopTimeout, drain; it takes that over'
	lives "$app"
	stop_pilotfish
	expect_log '"USR1"'
	((took >= 800 && took < 3000 * slow))
}

@test "a changed program, environment or user is a reason for another process, and the log names it" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; env = { A = "1"; }; }, { name = "b"; exec = "sleep 1000"; } );'
	expect_events "app running" "b running"
	app=$(job_pid app)
	reload <<<'jobs = ( { name = "app"; exec = "sleep 1000"; env = { A = "2"; }; drain = "1ms"; } );'
	expect_log 'app has changed: env, drain; it is replaced'
	expect_log 'b is gone: it stops'
	gone "$app"
}
