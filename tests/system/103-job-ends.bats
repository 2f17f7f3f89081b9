# Hooks before and after a job, and the exit code of pilotfish.

load jobs

@test "the exit code is the essential job's, when it has ended for good" {
	ends_with()	# CODE EXEC
	{
		start_pilotfish <<-EOF
			jobs = ( { name = "app"; exec = $2; }, { name = "other"; exec = "sleep 1000"; when = { source = "app"; once = "running"; }; } );
		EOF
		wait_exit
		expect_code "$1"
		expect_events "app stopped"
	}

	: >"$dir/plain"
	mkdir "$dir/folder"
	printf '#!/no/such/interpreter\n' >"$dir/lost"
	printf 'not a program\0' >"$dir/garbage"
	chmod +x "$dir/lost" "$dir/garbage"
	ends_with 0 '"true"'
	ends_with 3 '"sh -c \"exit 3\""'
	ends_with 143 '"sh -c \"kill -TERM $$\""'
	ends_with 137 '"sh -c \"kill -KILL $$\""'
	ends_with 127 '"/no/such/file"'
	ends_with 127 '"no-such-command"'
	ends_with 126 "\"$dir/plain\""
	ends_with 126 "\"$dir/folder\""
	ends_with 127 "\"$dir/lost\""
	expect_log 'lost: its interpreter is missing'
	ends_with 126 '[ "true", "x" ]; cwd = "/no/such/folder"'
	expect_log 'chdir /no/such/folder: No such file or directory'
}

@test "a sole job is essential, unless its exit triggers a job" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "migrate"; exec = "true"; },
			 { name = "app"; exec = "sh -c 'sleep 0.2; exit 8'"; when = { source = "migrate"; once = "exitSuccess"; }; } );
	EOF
	wait_exit
	expect_code 8
	expect_events "migrate stopped" "app exitFailed" "global shutdown"
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sh -c 'exit 9'"; },
			 { name = "tick"; exec = "true"; when = { interval = "1s"; }; } );
	EOF
	wait_exit
	expect_code 9
}

@test "an essential job that restarts has not ended for good" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sh -c 'exit 4'"; restarts = 2; essential = true; backoff = { min = "10ms"; }; },
			 { name = "other"; exec = "sleep 1000"; } );
	EOF
	wait_exit
	expect_code 4
	[[ $(count_events "app running") == 3 ]]
	[[ $(count_events "app stopped") == 1 ]]
}

@test "without an essential job pilotfish ends when no job is left that could run" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "one"; exec = "sh -c 'exit 5'"; }, { name = "two"; exec = "sleep 0.2"; } );
	EOF
	wait_exit
	expect_code 5
	expect_events "one stopped" "two exitSuccess" "two stopped"
	expect_log 'no job is left that could run'
}

@test "an ordered stop is a success whatever the app says to it" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sh -c 'trap \"exit 9\" TERM; echo ready; while :; do sleep 0.01; done'"; } );
	EOF
	expect_log '"ready"'
	stop_pilotfish
	expect_code 0
	expect_events "app exitFailed"
}

@test "preStart runs first; if it fails the app never runs, and its code is the exit code" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "true"; preStart = "sh -c 'sleep 0.1'"; } );
	EOF
	wait_exit
	expect_code 0
	expect_events "app.preStart running" "app.preStart exitSuccess" "app running" "app exitSuccess"

	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "true"; preStart = "sh -c 'exit 11'"; },
			 { name = "other"; exec = "sleep 1000"; when = { source = "app.preStart"; once = "running"; }; } );
	EOF
	wait_exit
	expect_code 11
	refute_events "app running"

	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "true"; preStart = "/no/such/file"; } );
	EOF
	wait_exit
	expect_code 127
	refute_events "app running"

	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "true"; preStart = { exec = "sleep 1000"; timeout = "100ms"; }; } );
	EOF
	wait_exit
	expect_code 137
	refute_events "app running"
}

@test "preStart is retried if it has restarts" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "echo app"; preStart = {
			exec = "sh -c 'echo >>$dir/tries; [ \$(wc -l <$dir/tries) = 3 ]'";
			restarts = "onFailure"; backoff = { min = "5ms"; }; }; } );
	EOF
	wait_exit
	expect_code 0
	[[ $(count_events "app.preStart exitFailed") == 2 ]]
	[[ $(said app) == app ]]
}

@test "preStop runs to its end while the app runs, postStop when the app is gone" {
	script app <<-'EOF'
		trap 'echo app: TERM; exit 0' TERM
		echo $$ >"$dir/app.pid"
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	script before <<-'EOF'
		sleep 0.3
		kill -0 "$(<"$dir/app.pid")" && echo before: app lives
		echo "$PILOTFISH_JOB $PILOTFISH_SOURCE $PILOTFISH_EVENT"
	EOF
	script after <<-'EOF'
		kill -0 "$(<"$dir/app.pid")" 2>/dev/null || echo after: app is gone
		echo "$PILOTFISH_JOB $PILOTFISH_SOURCE $PILOTFISH_EVENT"
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "$dir/app"; preStop = "$dir/before"; postStop = "$dir/after"; } );
	EOF
	expect_log '"ready"'
	stop_pilotfish
	expect_code 0
	[[ $(jq -rR 'fromjson? | select(.stream) | .msg' "$dir/main.log") == "ready
before: app lives
app.preStop app stopping
app: TERM
after: app is gone
app.postStop app stopped" ]]
}

@test "a preStop that does not end delays the app for its stopTimeout at most" {
	start_pilotfish <<-'EOF'
		stopTimeout = "2s";
		jobs = ( { name = "app"; exec = "sleep 1000"; preStop = "sleep 1000"; postStop = "echo after"; stopTimeout = "300ms"; } );
	EOF
	expect_events "app running"
	stop_pilotfish
	expect_code 137
	((took < 2000 * slow))
	expect_events "app.preStop running" "app stopped" "app.postStop exitSuccess"
	(($(between "app stopping" "app stopped") >= 290))
}

@test "postStop also runs after the app has ended by itself; preStop does not" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sh -c 'exit 6'"; preStop = "echo before"; postStop = "echo after"; } );
	EOF
	wait_exit
	expect_code 6
	[[ $(said app.postStop) == after ]]
	refute_events "app.preStop running"
}

@test "hooks have their own name and the event in their environment" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "true"; essential = false; },
			 { name = "hook"; exec = "env"; when = { source = "app"; once = "exitSuccess"; }; },
			 { name = "plain"; exec = "sh -c 'env; cat; readlink /proc/self/fd/0'"; when = { source = "hook"; once = "stopped"; }; } );
	EOF
	wait_exit
	said hook | grep -qx PILOTFISH_JOB=hook
	said hook | grep -qx PILOTFISH_SOURCE=app
	said hook | grep -qx PILOTFISH_EVENT=exitSuccess
	[[ $(said plain | tail -n 1) == /dev/null ]]
}
