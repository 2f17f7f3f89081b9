# When a job runs: its trigger, what it needs, how often.
# plain

load jobs

@test "jobs without when run at once, one with when after its event" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "third"; exec = "true"; when = { source = "second"; once = "exitSuccess"; }; },
		  { name = "second"; exec = "true"; when = { source = "first"; once = "exitFailed"; }; },
		  { name = "first"; exec = "false"; essential = false; },
		  { name = "never"; exec = "true"; when = { source = "first"; once = "exitSuccess"; }; }
		);
	EOF
	expect_events "global startup" "first running" "first exitFailed" "second running" \
		"second exitSuccess" "third running" "third exitSuccess"
	wait_exit
	refute_events "never running"
	[[ $(count_events "never stopped") == 1 ]]
}

@test "a state that holds already counts as its event" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "db"; exec = "sleep 1000"; essential = true; },
		  { name = "slow"; exec = "sh -c 'sleep 0.2'"; },
		  { name = "late"; exec = "true"; when = { source = "slow"; once = "stopped"; };
		    needs = [ "db running" ]; }
		);
	EOF
	expect_events "db running" "slow stopped" "late exitSuccess"
	stop_pilotfish
	expect_code 0
}

@test "once is once, each is each time" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "tick"; exec = "true"; when = { interval = "50ms"; }; restarts = 4; },
		  { name = "once"; exec = "true"; when = { source = "tick"; once = "exitSuccess"; }; },
		  { name = "each"; exec = "true"; when = { source = "tick"; each = "exitSuccess"; }; }
		);
	EOF
	wait_exit
	expect_code 0
	[[ $(count_events "tick running") == 5 ]]
	[[ $(count_events "once running") == 1 ]]
	n=$(count_events "each running")
	((n >= 2 && n <= 5))
}

@test "triggers that come during a run cause one more run" {
	start_pilotfish <<-EOF
		jobs = (
		  { name = "tick"; exec = "true"; when = { interval = "20ms"; }; restarts = 9; },
		  { name = "slow"; exec = "sh -c 'until [ -e $dir/go ]; do sleep 0.01; done'"; when = { source = "tick"; each = "exitSuccess"; }; }
		);
	EOF
	expect_events "slow running" "tick stopped"
	touch "$dir/go"
	expect_events "slow exitSuccess" "slow running" "slow exitSuccess"
	wait_exit
	[[ $(count_events "slow running") == 2 ]]
}

@test "a periodic job keeps its rhythm, and a run that is too slow is killed" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "tick"; exec = "sleep 0.02"; when = { interval = "200ms"; }; restarts = 4; },
			 { name = "slow"; exec = "sleep 10"; when = { interval = "300ms"; }; restarts = 1; } );
	EOF
	wait_exit
	[[ $(count_events "tick running") == 5 ]]
	spread=$(($(time_of "tick running" 5) - $(time_of "tick running" 1)))
	((spread >= 700 && spread < 1000 * slow))
	[[ $(count_events "slow exitFailed") == 2 ]]
	expect_log 'slow timeout after 300ms'
}

@test "a job waits until all its needs hold at the same time" {
	script flag <<-'EOF'
		until [ -e "$dir/$1" ]; do sleep 0.01; done
	EOF
	start_pilotfish <<-EOF
		jobs = (
		  { name = "a"; exec = "$dir/flag a"; },
		  { name = "b"; exec = "$dir/flag b"; },
		  { name = "c"; exec = "$dir/flag c"; when = { source = "a"; once = "exitSuccess"; }; },
		  { name = "app"; exec = "true"; needs = [ "a exitSuccess", "b exitSuccess", "c running" ]; }
		);
	EOF
	expect_events "a running"
	touch "$dir/a"
	expect_events "c running"
	refute_events "app running"
	touch "$dir/b"
	expect_events "b exitSuccess" "app running" "app exitSuccess"
	touch "$dir/c"
	wait_exit
	expect_code 0
}

@test "a job whose need can never be met gives up, with the exit code of the failure" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "migrate"; exec = "sh -c 'exit 3'"; },
		  { name = "app"; exec = "touch never"; needs = [ "migrate exitSuccess" ]; essential = true; },
		  { name = "other"; exec = "sleep 1000"; }
		);
	EOF
	wait_exit
	expect_code 3
	refute_events "app running"
}

@test "when.timeout ends the wait" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "other"; exec = "sleep 1000"; },
		  { name = "app"; exec = "true"; essential = true;
		    when = { source = "other"; once = "exitSuccess"; timeout = "150ms"; }; }
		);
	EOF
	expect_events "other running" "app timerExpired" "app stopped"
	wait_exit
	expect_code 1
	expect_log 'app gives up: other exitSuccess did not come within 150ms'
	(($(between "global startup" "app timerExpired") >= 100))
}

@test "needsTimeout ends the wait for a need, and names it" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "db"; exec = "sleep 1000"; health = { exec = "false"; interval = "10s"; }; },
		  { name = "app"; exec = "true"; essential = true; needs = [ "db running", "db healthy" ]; needsTimeout = "150ms"; }
		);
	EOF
	expect_events "db running" "app timerExpired" "app stopped"
	wait_exit
	expect_code 69
	expect_log 'app gives up: db healthy did not come within 150ms'
}

@test "a signal is an event" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "main"; exec = "sleep 1000"; essential = true; },
		  { name = "hup"; exec = "true"; when = { source = "SIGHUP"; }; },
		  { name = "usr2"; exec = "true"; when = { source = "SIGUSR2"; once = "signalled"; }; }
		);
	EOF
	expect_events "main running"
	signal_pilotfish HUP
	expect_events "SIGHUP signalled" "hup running" "hup exitSuccess"
	signal_pilotfish HUP
	expect_events "hup running" "hup exitSuccess"
	signal_pilotfish USR2
	expect_events "usr2 running" "usr2 stopped"
	refute_events "global reloaded" "global enterMaintenance"
	stop_pilotfish
	expect_code 0
}

@test "a job at the shutdown runs while the others end" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "app"; exec = "sleep 1000"; },
		  { name = "bye"; exec = "echo bye"; when = { source = "global"; once = "shutdown"; }; },
		  { name = "end"; exec = "echo end"; when = { source = "app"; each = "stopping"; }; }
		);
	EOF
	expect_events "app running"
	stop_pilotfish
	expect_code 0
	((took < 2000 * slow))
	[[ $(said bye) == bye && $(said end) == end ]]
}

@test "a job on each stopping keeps nothing alive when the app ends by itself" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "app"; exec = "true"; essential = false; },
		  { name = "end"; exec = "echo end"; when = { source = "app"; each = "stopping"; }; }
		);
	EOF
	wait_exit
	expect_code 0
	((took < 3000 * slow))
}

@test "a job that waits for an unknown source is refused" {
	refused()	# CONFIG MESSAGE
	{
		run -78 "$pilotfish" -c /dev/stdin <<<"jobs = ( { name = \"app\"; exec = \"touch $dir/ran\"; }, $1 );"
		[[ $output == *"$2"* && ! -e $dir/ran ]] || fail "$output"
	}

	refused '{ name = "b"; exec = "true"; when = { source = "ap"; once = "exitSuccess"; }; }' \
		'there is no source "ap"; did you mean'
	refused '{ name = "b"; exec = "true"; needs = [ "watch.db healthy" ]; }' 'there is no source "watch.db"'
	refused '{ name = "b"; exec = "true"; needs = [ "app helthy" ]; }' 'helthy'
	refused '{ name = "b"; exec = "true"; when = { source = "app"; once = "exitSucces"; }; }' 'exitSucces'
	refused '{ name = "b"; exec = "true"; needs = [ "app healthy" ]; }' '"app" never publishes "healthy", because it has no health check and no readiness'
	refused '{ name = "b"; exec = "true"; when = { source = "global"; once = "running"; }; }' '"global" never publishes "running"'
	refused '{ name = "b"; exec = "true"; when = { source = "SIGTERM"; }; }' 'SIGTERM stops pilotfish'
	refused '{ name = "b"; exec = "true"; when = { source = "c"; once = "stopped"; }; },
		 { name = "c"; exec = "true"; needs = [ "b running" ]; }' 'b -> c -> b'
}

@test "without any job pilotfish ends, by itself or on SIGTERM" {
	start_pilotfish <<<'jobs = ( );'
	wait_exit
	expect_code 0
}

@test "a thousand jobs" {
	{
		echo 'jobs = ('
		for i in {1..999}; do
			echo "{ name = \"job$i\"; exec = \"true\"; needs = [ \"job0 running\" ]; },"
		done
		echo '{ name = "job0"; exec = "sleep 1000"; } );'
	} >"$dir/many.conf"
	LIMIT=60
	start_pilotfish <"$dir/many.conf"
	all_done() { (($(count_events "job1 exitSuccess") + $(count_log '"source":"[^"]*","event":"exitSuccess"') == 1000)); }
	await all_done
	[[ $(count_log '"source":"[^"]*","event":"stopped"') == 999 ]]
	stop_pilotfish
	expect_code 0
	((took < 2000 * slow))
}

@test "a job that has waited for 10 s is named, with what it waits for, and again when that has changed" {
	start_pilotfish <<-EOF
		jobs = ( { name = "first"; exec = [ "sh", "-c", "until [ -e $dir/go ]; do sleep 0.1; done" ]; },
			 { name = "second"; exec = "sleep 1000"; when = { source = "first"; once = "exitSuccess"; };
			   needs = [ "third healthy" ]; },
			 { name = "third"; exec = "sleep 1000"; health = { exec = "false"; interval = "1s"; }; },
			 { name = "hook"; exec = "true"; when = { source = "third"; each = "healthy"; }; },
			 { name = "last"; exec = "true"; when = { source = "global"; once = "shutdown"; }; } );
	EOF
	LIMIT=15 expect_log 'second has waited 10s for: first exitSuccess, third healthy'
	touch "$dir/go"
	LIMIT=15 expect_log 'second has waited 20s for: third healthy'
	[[ $(count_log 'has waited') == 2 ]] || fail "$(grep 'has waited' "$dir/main.log")"
}

@test "needs = consul healthy, although nothing else asks Consul" {
	start_fake_consul
	fake mode '{ "mode": "refuse", "seconds": 2 }'
	start_pilotfish <<-EOF
		consul = "$fake_address"; jobs = ( { name = "app"; exec = "sleep 1000"; needs = [ "consul healthy" ]; } );
	EOF
	expect_events "consul unhealthy" "consul healthy" "app running"
}
