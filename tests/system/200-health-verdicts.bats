# The results of checks, and when they change the verdict.

load lib
load measure

# A check that passes while the file $dir/well exists.
health()
{
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = "test -e $dir/well"; $1 }; } );
	EOF
}

# The number of events of one kind between two others.
count_between()
{
	list_events | awk -v what="$1" -v from="$2" -v to="$3" '
		$2 " " $3 == from { on = 1 }
		$2 " " $3 == to && on { print n + 0; exit }
		on && $2 " " $3 == what { n++ }'
}

@test "healthy as soon as a check passes, not an interval later" {
	touch "$dir/well"
	health 'interval = "30s"; timeout = "5s";'
	expect_events "app running" "app.health exitSuccess" "app healthy"
	at_most 500 "$(between "app running" "app healthy")"
}

@test "before the first verdict checks run more often than every interval" {
	health 'interval = "30s"; timeout = "5s"; startPeriod = "20s";'
	expect_events "app.health exitFailed" "app.health exitFailed"
	touch "$dir/well"
	LIMIT=5 expect_events "app healthy"
	refute_events "app unhealthy"
}

@test "changes of the status are events, repetitions are not" {
	touch "$dir/well"
	health 'interval = "50ms";'
	expect_events "app healthy" "app.health exitSuccess" "app.health exitSuccess"
	rm "$dir/well"
	expect_events "app.health exitFailed" "app unhealthy" "app.health exitFailed"
	touch "$dir/well"
	expect_events "app.health exitSuccess" "app healthy" "app.health exitSuccess"
	[[ $(count_events "app healthy") == 2 && $(count_events "app unhealthy") == 1 ]]
}

@test "with events = check each check is an event, whatever the one before" {
	health 'interval = "50ms"; events = "check";'
	expect_events "app unhealthy" "app unhealthy" "app unhealthy"
	touch "$dir/well"
	expect_events "app healthy" "app healthy"
	(($(grep -c 'app is critical' "$dir/main.log") == 1))
}

@test "a check that outlasts its interval is neither stuck nor doubled" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = [ "sh", "-c", "mkdir $dir/one && sleep 0.3 && rmdir $dir/one" ];
				      interval = "50ms"; timeout = "20s"; }; } );
	EOF
	expect_events "app.health exitSuccess" "app healthy" "app.health exitSuccess" "app.health exitSuccess"
	refute_events "app.health exitFailed"
}

@test "failures and successes count in a row" {
	touch "$dir/well"
	health 'interval = "50ms"; failures = 3; successes = 2;'
	expect_events "app healthy"
	mark
	rm "$dir/well"
	expect_events "app.health exitFailed" "app unhealthy"
	# The verdict's event is just before or just after the last check's own event.
	[[ $(count_between "app.health exitFailed" "app.health exitFailed" "app unhealthy") == 3 ]]
	mark
	touch "$dir/well"
	expect_events "app.health exitSuccess" "app healthy"
	[[ $(count_between "app.health exitSuccess" "app.health exitSuccess" "app healthy") == 2 ]]
}

@test "a success between failures resets the count" {
	cat >"$dir/check" <<-EOF
		#!/bin/sh
		echo x >>$dir/count
		[ \$((\$(wc -l <$dir/count) % 3)) = 1 ]
	EOF
	chmod +x "$dir/check"
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = "$dir/check"; interval = "200ms"; failures = 3; }; } );
	EOF
	expect_events "app healthy"
	for _ in 1 2 3; do
		expect_events "app.health exitFailed" "app.health exitFailed" "app.health exitSuccess"
	done
	refute_events "app unhealthy"
}

@test "failures in the start period do not count, later ones do" {
	health 'interval = "50ms"; startPeriod = "700ms";'
	expect_events "app running" "app.health exitFailed" "app unhealthy"
	at_least 690 "$(between "app running" "app unhealthy")"
	at_most 1200 "$(between "app running" "app unhealthy")"
}

@test "the start period ends with the first success" {
	touch "$dir/well"
	health 'interval = "50ms"; startPeriod = "20s";'
	expect_events "app healthy"
	rm "$dir/well"
	LIMIT=5 expect_events "app unhealthy"
}

@test "exit code 1 is a failure, or a warning if configured so" {
	for code in 1 2; do
		for warning in true false; do
			start_pilotfish -n "a$code$warning" <<-EOF
				jobs = ( { name = "app"; exec = "sleep 1000";
					   health = { exec = [ "sh", "-c", "exit $code" ];
						      interval = "1s"; warning = $warning; }; } );
			EOF
		done
	done
	expect_events -n a1true "app warning"
	expect_events -n a1false "app unhealthy"
	expect_events -n a2true "app unhealthy"
	expect_events -n a2false "app unhealthy"
	refute_events -n a1true "app unhealthy"
}

@test "a check without output: its exit code is the reason" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = [ "sh", "-c", "exit 3" ]; interval = "1s"; }; },
			 { name = "other"; exec = "sleep 1000";
			   health = { exec = [ "sh", "-c", "kill -9 \$\$" ]; interval = "1s"; }; } );
	EOF
	expect_log 'app is critical: exit code 3'
	expect_log 'other is critical: killed by SIGKILL'
}

@test "a check that cannot be run has failed, with the reason" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = "$dir/not-there"; interval = "100ms"; }; } );
	EOF
	expect_events "app unhealthy" "app.health exitFailed"
	expect_log 'app is critical: .*not-there.*No such file'
	[[ $(count_log 'No such file') == 1 ]]
}

@test "a check that hangs is killed with its process group, and delays nothing" {
	cat >"$dir/hang" <<-EOF
		#!/bin/sh
		sleep 1001 &
		echo \$\$ \$! >>$dir/pids
		echo so far so good
		trap '' TERM
		while :; do sleep 1002; done
	EOF
	chmod +x "$dir/hang"
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = "$dir/hang"; interval = "2s"; timeout = "1s"; }; },
			 { name = "other"; exec = "sleep 1000"; health = { exec = "true"; interval = "50ms"; }; } );
	EOF
	expect_events "other healthy" "app unhealthy"
	expect_log 'app is critical: timed out after 1s'
	at_least 990 "$(between "app running" "app unhealthy")"
	at_most 1500 "$(between "app running" "app unhealthy")"
	at_least $((10 / slow)) "$(count_events "other.health exitSuccess")"
	for child in $(head -n 1 "$dir/pids"); do
		await [ ! -e "/proc/$child" ]
	done
}

@test "a check that hangs does not delay the end" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = [ "sh", "-c", "echo \$\$ >$dir/check; trap '' TERM; sleep 1001; :" ];
				      interval = "60s"; }; } );
	EOF
	await [ -s "$dir/check" ]
	stop_pilotfish
	expect_code 0
	at_most 500 "$took"
	await [ ! -e "/proc/$(<"$dir/check")" ]
}

@test "a check ends with its own process, even if a daemon holds its pipes" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = [ "sh", "-c", "setsid sleep 1003 & exit 0" ]; interval = "200ms"; }; } );
	EOF
	expect_events "app healthy" "app.health exitSuccess" "app.health exitSuccess"
	refute_events "app.health exitFailed"
}

@test "a check that prints without end is bounded" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = "yes"; interval = "1s"; timeout = "900ms"; }; } );
	EOF
	expect_events "app unhealthy" "app.health exitFailed"
	[[ $sanitized ]] || at_most 12000 "$(rss_of "$pid")"
	at_most 100000 "$(stat -c %s "$dir/main.log")"
	expect_log 'app is critical: timed out after 900ms'
}

@test "a job that has ended is unhealthy, and healthy again after its restart" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = [ "sh", "-c", "echo \$\$ >$dir/app; exec sleep 1000" ];
			   restarts = "unlimited"; backoff = { min = "200ms"; };
			   health = { exec = "true"; interval = "50ms"; }; } );
	EOF
	expect_events "app healthy"
	kill -KILL "$(<"$dir/app")"
	expect_events "app exitFailed" "app unhealthy" "app running" "app healthy"
	expect_log 'app is critical: app is not running'
}

@test "a job that needs another job healthy waits for it" {
	start_pilotfish <<-EOF
		jobs = ( { name = "db"; exec = "sleep 1000"; health = { exec = "test -e $dir/well"; interval = "50ms"; }; },
			 { name = "app"; exec = "sleep 1000"; needs = [ "db healthy" ]; } );
	EOF
	expect_events "db.health exitFailed" "db unhealthy"
	refute_events "app running"
	touch "$dir/well"
	expect_events "db healthy" "app running"
}

@test "a check that cannot be killed: critical when its time is over, with the reason" {
	((EUID == 0)) || skip "needs root"
	local folder=$dir

	# As a setuid program the check becomes root; pilotfish is not and may not kill it.
	cp "$(type -P setpriv)" "$dir/become-root"
	chmod 4755 "$dir/become-root"
	cp "$pilotfish" "$dir/pilotfish"
	cat >"$dir/main.conf" <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = [ "sh", "-c", "echo \$\$ >>$dir/checks; exec $dir/become-root --reuid 0 sleep 1005" ];
				      interval = "500ms"; timeout = "300ms"; failures = 2; }; },
			 { name = "slow"; exec = "sleep 1000";
			   health = { exec = [ "sh", "-c", "echo \$\$ >>$dir/slow-checks; exec $dir/become-root --reuid 0 sleep 1006" ]; interval = "60s"; timeout = "1s"; }; } );
	EOF
	until [[ $folder == /tmp || $folder == / ]]; do
		chmod o+rwx "$folder"
		folder=${folder%/*}
		folder=${folder:-/}
	done
	current=main PILOTFISH_LOG_LEVEL=debug PILOTFISH_LOG_FORMAT=json start_program main \
		setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/pilotfish" -c "$dir/main.conf"
	expect_log 'slow is critical: timed out after 1s'
	expect_log 'app is critical: the last check cannot be killed, it has run for [0-9]+.?[ms]+ \(pid [0-9]+\)'
	[[ $(wc -l <"$dir/checks") == 1 ]]
	kill -KILL "$(pid_of main)"
	wait_exit
	xargs kill -KILL <"$dir/checks"
	xargs kill -KILL <"$dir/slow-checks"
}

# Stops processes for a time, as a paused container or a throttled one is.
stop_for()		# SECONDS PID...
{
	local seconds=$1

	shift
	kill -STOP "$@"
	sleep "$seconds"
	kill -CONT "$@"
}

@test "a check's time limit does not pass while pilotfish and the check are stopped" {
	cat >"$dir/check" <<-EOF
		#!/bin/sh
		echo \$\$ >>$dir/checks
		for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.05; done
	EOF
	chmod +x "$dir/check"
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = "$dir/check"; interval = "$((1 * slow))s"; timeout = "$((1 * slow))s"; }; } );
	EOF
	expect_events "app healthy"
	for _ in 1 2 3; do
		n=$(wc -l <"$dir/checks")
		await eval "((\$(wc -l <'$dir/checks') > $n))"
		stop_for 1.5 "$pid" "-$(tail -n 1 "$dir/checks")"
		expect_events "app.health exitSuccess"
	done
	refute_events "app.health exitFailed"
	refute_log 'timed out'
}

@test "a check that ended in time while pilotfish was stopped has passed" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = [ "sh", "-c", "echo >>$dir/checks; sleep 0.3" ]; interval = "1s"; timeout = "900ms"; }; } );
	EOF
	expect_events "app healthy"
	for _ in 1 2 3; do
		n=$(wc -l <"$dir/checks")
		await eval "((\$(wc -l <'$dir/checks') > $n))"
		stop_for 2 "$pid"
		expect_events "app.health exitSuccess"
	done
	refute_events "app.health exitFailed"
}

@test "a job's timeout does not pass while pilotfish is stopped" {
	start_pilotfish <<-EOF
		jobs = ( { name = "short"; exec = [ "sh", "-c", "echo >$dir/started; sleep 0.4" ]; timeout = "1s"; essential = false; },
			 { name = "app"; exec = "sleep 1000"; } );
	EOF
	await [ -e "$dir/started" ]
	stop_for 2 "$pid"
	expect_events "short exitSuccess"
	refute_log 'timeout after'
}

@test "an http probe's time limit does not pass while pilotfish is stopped, and is the configured one" {
	free_port
	printf '200\nfine' >"$dir/answer"
	start_program web "$lib/helpers/web.py" "$port" "$dir/answer"
	await_port "$port"
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { http = "http://127.0.0.1:$port/"; interval = "1s"; timeout = "1s"; }; } );
	EOF
	expect_events "app healthy"
	for _ in 1 2 3; do
		stop_for 2.5 "$pid"
		expect_events "app.health exitSuccess"
	done
	refute_events "app.health exitFailed"
	printf 'hang\n' >"$dir/answer"
	expect_log 'app is critical: timed out after 1s'
}
