# Restarts, and the pauses between them.

load jobs

@test "never, a number of times, on failure" {
	script thrice <<-'EOF'
		echo >>"$dir/runs"
		(($(wc -l <"$dir/runs") == 3))
	EOF
	echo 'backoff = { min = "1ms"; max = "2ms"; };' >"$dir/backoff"
	start_pilotfish <<-EOF
		jobs = (
		  { name = "never"; exec = "false"; },
		  { name = "twice"; exec = "true"; restarts = 2;
		    @include "$dir/backoff"
		  },
		  { name = "failing"; exec = "$dir/thrice"; restarts = "onFailure";
		    @include "$dir/backoff"
		  }
		);
	EOF
	wait_exit
	[[ $(count_events "never running") == 1 ]]
	[[ $(count_events "twice running") == 3 ]]
	[[ $(count_events "failing exitFailed") == 2 ]]
	[[ $(count_events "failing exitSuccess") == 1 ]]
	expect_code 1
}

@test "the pause doubles, up to the greatest" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "false"; restarts = 5; backoff = { min = "80ms"; max = "320ms"; }; } );
	EOF
	wait_exit
	expect_code 1
	for ((i = 1; i <= 5; i++)); do
		pauses[i]=$(($(time_of "app running" $((i + 1))) - $(time_of "app exitFailed" $i)))
	done
	echo "${pauses[@]}"
	# the jitter takes a half at most
	((pauses[1] >= 39 && pauses[2] >= 79 && pauses[3] >= 159 && pauses[4] >= 159 && pauses[5] >= 159))
	((pauses[5] < 1000 * slow))
}

@test "after a long run the pauses begin anew" {
	script sometimes <<-'EOF'
		echo >>"$dir/runs"
		(($(wc -l <"$dir/runs") % 5)) && exit 1
		sleep 0.3
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "$dir/sometimes"; restarts = 5;
			   backoff = { min = "20ms"; max = "10s"; reset = "250ms"; }; } );
	EOF
	wait_exit
	expect_code 1
	fourth=$(($(time_of "app running" 5) - $(time_of "app exitFailed" 4)))
	fifth=$(($(time_of "app running" 6) - $(time_of "app exitSuccess" 1)))
	((fourth >= 79))
	((fifth < fourth))
}

@test "a restart storm is slowed down" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "false"; restarts = "unlimited"; },
			 { name = "gone"; exec = "/no/such/file"; restarts = "unlimited"; },
			 { name = "clock"; exec = "true"; when = { interval = "100ms"; }; restarts = 20; } );
	EOF
	expect_events "clock stopped"
	n=$(count_events "app exitFailed") m=$(count_events "gone exitFailed")
	((n >= 4 && n <= 8 && m >= 4 && m <= 8))
	[[ $(count_events "gone running") == 0 ]]
	stop_pilotfish
	expect_code 0
	((took < 1000 * slow))
}

@test "a coprocess comes back while the app stays" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; essential = true; },
			 { name = "coprocess"; exec = "sleep 1001"; restarts = "unlimited"; backoff = { min = "10ms"; }; } );
	EOF
	expect_events "coprocess running"
	app=$(job_pid app)
	for i in 1 2 3; do
		kill -KILL "$(job_pid coprocess)"
		expect_events "coprocess exitFailed" "coprocess running"
	done
	lives "$app"
	stop_pilotfish
	expect_code 0
	gone "$app"
}

@test "a job that cannot be started is retried until it can be" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "$dir/late"; restarts = "onFailure"; backoff = { min = "30ms"; max = "30ms"; }; } );
	EOF
	expect_events "app exitFailed" "app exitFailed"
	expect_log 'app cannot start: .*/late: No such file or directory'
	printf '#!/bin/sh\necho here\n' >"$dir/late"
	expect_log 'app cannot start: .*/late: Permission denied'
	chmod +x "$dir/late"
	expect_events "app running" "app exitSuccess"
	wait_exit
	expect_code 0
	[[ $(said app) == here ]]
}
