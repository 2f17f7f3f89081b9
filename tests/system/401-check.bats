# `check` says what `run` would do, and warns of what works, but hardly as meant.

load jobs

@test "check says how long a drain really is, and a stop takes just that" {
	start_pilotfish <<-'EOT'
		stopTimeout = "2500ms";
		jobs = ( { name = "app"; exec = "sleep 1000"; drain = "2s"; } );
	EOT
	expect_log 'jobs\[app\].drain: 2s is cut to 1s by the top level.s stopTimeout, 2.5s; stopTimeout = .{1,2}5s.{1,2} would do, and Docker then needs stop_grace_period 6s'
	expect_events "app running"
	stop_pilotfish
	expect_code 0
	drained=$(between "app draining" "app stopping")
	((drained >= 950 && drained < 1500)) || fail "the drain took $drained ms"

	run -0 --separate-stderr "$pilotfish" check -c "$dir/main.conf"
	[[ ${lines[1]} == "stop of app: drain up to 1s of 2s, SIGTERM up to 1s, SIGKILL" ]]
	[[ $stderr == "pilotfish: warning: $dir/main.conf: jobs[app].drain: 2s is cut to 1s by "* ]]
}

@test "a stopTimeout longer than docker stop waits: check names the stop_grace_period" {
	echo 'stopTimeout = "15s"; jobs = ( { name = "app"; exec = "true"; } );' >"$dir/pilotfish.conf"
	run -0 "$pilotfish" check -c "$dir/pilotfish.conf"
	[[ ${#lines[@]} == 2 ]]
	[[ ${lines[1]} == "all within 15s: Docker needs stop_grace_period 16s (its default is 10s)" ]]
}
