# Signals in every phase.
# plain

load jobs

@test "SIGTERM during the start: either nothing runs yet or all jobs stop in order" {
	cat >"$dir/main.conf" <<-EOF
		jobs = ( { name = "app"; exec = "bash -c 'echo \$\$ >>$dir/pids; exec sleep 1000'"; } );
	EOF
	: >"$dir/pids"
	cat >"$dir/early.py" <<-'EOF'
		import os, signal, subprocess, sys, time

		for i in range(100):
		    child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
		    end = time.monotonic() + i * 0.00003
		    while time.monotonic() < end:
		        pass
		    child.terminate()
		    code = child.wait(10)
		    assert code in (0, -signal.SIGTERM), (i, code)
		for pid in open(os.environ["dir"] + "/pids"):
		    assert not os.path.exists("/proc/" + pid.strip()), pid
	EOF
	python3 "$dir/early.py" "$pilotfish" -c "$dir/main.conf"
}

@test "a SIGTERM that was pending before the start is heeded" {
	# the job inherits it blocked, and so is deaf to it
	cat >"$dir/main.conf" <<<'stopTimeout = "800ms"; jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	start_program main "$helpers/enter.py" --block TERM -- \
		bash -c 'kill -TERM $$; exec "$0" -c "$1"' "$pilotfish" "$dir/main.conf"
	current=main
	wait_exit
	expect_code 137
	expect_log 'SIGTERM: stopping'
}

@test "a SIGTERM before main, while libraries are initialised, is not lost" {
	skip_if_sanitized
	cat >"$dir/main.conf" <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	start_program main env LD_PRELOAD="$B/tests/raise-early.so" "$pilotfish" -c "$dir/main.conf"
	current=main
	wait_exit
	expect_code 0
	expect_log 'SIGTERM: stopping'
	start_program bare env LD_PRELOAD="$B/tests/raise-early.so" "$pilotfish" -- sleep 1000
	wait_exit -n bare
	expect_code 143
}

@test "SIGTERM while preStart runs" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; preStart = "sleep 1000"; } );'
	expect_events "app.preStart running"
	stop_pilotfish
	expect_code 0
	((took < 1000 * slow))
	refute_events "app running"
}

@test "SIGTERM while a job waits for its needs" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "db"; exec = "sleep 1000"; health = { exec = "false"; interval = "100ms"; }; },
			 { name = "app"; exec = "true"; needs = [ "db healthy" ]; } );
	EOF
	expect_events "db unhealthy"
	stop_pilotfish
	expect_code 0
	((took < 1000 * slow))
	refute_events "app running"
}

@test "SIGTERM while a health check runs, which ignores it" {
	script check <<-'EOF'
		trap '' TERM
		touch "$dir/checking"
		sleep 1000
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = "$dir/check"; interval = "50s"; }; } );
	EOF
	await test -e "$dir/checking"
	stop_pilotfish
	expect_code 0
	((took < 1500 * slow))
	[[ -z $(pgrep -f "$dir/check") ]]
}

@test "two stop signals within a second are one request" {
	start_pilotfish <<-EOF
		stopTimeout = "5s";
		jobs = ( { name = "app"; exec = "sleep 1000"; preStop = [ "sh", "-c", "sleep 0.2; touch $dir/stopped" ]; } );
	EOF
	expect_events "app running"
	signal_pilotfish TERM
	signal_pilotfish INT
	wait_exit
	expect_code 0
	[[ -e $dir/stopped ]]
}

# As timeout(1) does.  A hook that has just been forked is still in our group for a moment.
@test "a signal to our group, too, ends no hook" {
	write_config <<<'stopTimeout = "5s"; jobs = ( { name = "app"; exec = "sleep 1000"; preStop = "touch stopped"; } );'
	cat >"$dir/twice.py" <<-'EOF'
		import os, signal, subprocess, sys
		for _ in range(20):
		    child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, start_new_session=True)
		    while b"app started" not in child.stdout.readline():
		        pass
		    child.terminate()
		    os.killpg(child.pid, signal.SIGTERM)
		    rest = child.stdout.read().decode()
		    assert child.wait() == 0, rest
		    os.unlink("stopped")
	EOF
	cd "$dir"
	run -0 timeout 60 python3 twice.py "$pilotfish" -c main.conf
}

@test "SIGTERM during a drain, twice: the second one is at once" {
	start_pilotfish <<-'EOF'
		stopTimeout = "60s";
		jobs = ( { name = "app"; exec = "sleep 1000"; drain = "20s"; } );
	EOF
	expect_events "app running"
	signal_pilotfish TERM
	expect_events "app draining"
	signal_again
	expect_code 137
	((took < 2000 * slow))
}

@test "SIGTERM while preStop runs, which is killed by the second one" {
	start_pilotfish <<-'EOF'
		stopTimeout = "60s";
		jobs = ( { name = "app"; exec = "sleep 1000"; preStop = "sleep 1000"; } );
	EOF
	expect_events "app running"
	signal_pilotfish TERM
	expect_events "app.preStop running"
	signal_again
	expect_code 137
	((took < 2000 * slow))
}

@test "SIGTERM while a reload is under way: the new configuration does not start" {
	script slow <<-'EOF'
		trap 'sleep 2; exit' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	start_pilotfish <<<"jobs = ( { name = \"app\"; exec = \"$dir/slow\"; } );"
	expect_log '"ready"'
	mark
	write_config <<<'jobs = ( { name = "app"; exec = "sleep 1001"; } );'
	signal_pilotfish HUP
	expect_events "app stopping"
	stop_pilotfish
	expect_code 0
	refute_events "app running" "global reloaded"
	expect_events "app stopped"
}

@test "SIGHUP during the stop changes nothing" {
	script slow <<-'EOF'
		trap 'until [ -e "$dir/go" ]; do sleep 0.01; done; exit' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	start_pilotfish <<<"jobs = ( { name = \"app\"; exec = \"$dir/slow\"; } );"
	expect_log '"ready"'
	mark
	write_config <<<'jobs = ( { name = "new"; exec = "sleep 1001"; } );'
	signal_pilotfish TERM
	expect_events "app stopping"
	for i in {1..10}; do kill -HUP "$pid"; kill -USR1 "$pid"; kill -USR2 "$pid"; done
	touch "$dir/go"
	wait_exit
	expect_code 0
	refute_events "new running" "app running" "global reloaded" "global enterMaintenance"
	refute_log 'reloading'
}

@test "SIGINT and SIGQUIT stop in order, too" {
	for signal in INT QUIT; do
		start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; preStop = "true"; } );'
		expect_events "app running"
		stop_pilotfish $signal
		expect_code 0
		expect_events "app.preStop exitSuccess" "app stopped"
	done
}

@test "SIGUSR1 opens the log file anew" {
	start_pilotfish -l <<-EOF
		logging = { output = "$dir/app.log"; };
		jobs = ( { name = "app"; exec = "sh -c 'while :; do echo tick; sleep 0.05; done'"; } );
	EOF
	await grep -q tick "$dir/app.log"
	mv "$dir/app.log" "$dir/app.log.1"
	signal_pilotfish USR1
	await grep -qs tick "$dir/app.log"
	size=$(stat -c %s "$dir/app.log.1")
	await has_grown "$dir/app.log"
	[[ $(stat -c %s "$dir/app.log.1") == "$size" ]]
	[[ ! -s $dir/main.log ]]
	stop_pilotfish
	grep -q 'all is stopped, exit code 0' "$dir/app.log"
}

has_grown()
{
	(($(stat -c %s "$1") > ${grown:=$(stat -c %s "$1")}))
}

@test "SIGUSR2 begins maintenance and ends it; the job stays" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	expect_events "app running"
	app=$(job_pid app)
	signal_pilotfish USR2
	expect_events "global enterMaintenance"
	signal_pilotfish USR2
	expect_events "global exitMaintenance"
	lives "$app"
	stop_pilotfish
	expect_code 0
}

@test "other signals end nothing" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "bell"; exec = "true"; when = { source = "SIGWINCH"; }; } );
	EOF
	expect_events "app running"
	for signal in PIPE ALRM VTALRM PROF USR1 WINCH URG IO TTIN TTOU TSTP XCPU 34 64; do
		signal_pilotfish $signal
	done
	expect_events "bell exitSuccess"
	stop_pilotfish
	expect_code 0
}

@test "a stopped and continued pilotfish goes on" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "tick"; exec = "true"; when = { interval = "100ms"; }; } );'
	expect_events "tick exitSuccess"
	kill -STOP "$pid"
	kill -TERM "$(job_pid app)"
	read -rt 0.5 <> <(:) || true
	mark
	kill -CONT "$pid"
	expect_events "app exitFailed"
	n=$(count_events "tick running")
	((n <= 3))			# beats that were missed are not made up for
	wait_exit
	expect_code 143
}
