# How long a run may take, and how a job is told to end.

load jobs

# Says what signal it got, and ends on none but the second one.
stubborn()
{
	script stubborn <<-'EOF'
		for signal in HUP INT QUIT TERM USR1; do trap "echo $signal" $signal; done
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
}

@test "a timeout kills the whole group" {
	script family <<-'EOF'
		trap '' TERM
		sleep 1000 &
		echo $!
		wait
		wait
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "$dir/family"; timeout = "200ms"; } );
	EOF
	wait_exit
	expect_code 137
	expect_log 'app timeout after 200ms: .*family.*, killed by SIGKILL'
	(($(between "app running" "app exitFailed") >= 195))
	gone "$(said app)"
}

@test "SIGKILL follows after stopTimeout, and the exit code tells" {
	stubborn
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "$dir/stubborn"; stopTimeout = "300ms"; } );
	EOF
	expect_log '"ready"'
	stop_pilotfish
	expect_code 137
	((took >= 280 && took < 2000 * slow))
	expect_log 'app does not end on SIGTERM: killed'
	expect_events "app draining" "app stopping" "app exitFailed" "app stopped"
}

@test "a job without a stopTimeout is killed at the deadline of the shutdown" {
	stubborn
	start_pilotfish <<-EOF
		stopTimeout = "1s";
		jobs = ( { name = "app"; exec = "$dir/stubborn"; } );
	EOF
	expect_log '"ready"'
	stop_pilotfish
	expect_code 137
	((took >= 400 && took < 1100 * slow))
}

@test "the shutdown is over as soon as all jobs are gone, whatever the deadlines" {
	start_pilotfish <<-'EOF'
		stopTimeout = "60s";
		jobs = ( { name = "app"; exec = "sleep 1000"; stopTimeout = "60s"; },
			 { name = "other"; exec = "sleep 1000"; needs = [ "app running" ]; } );
	EOF
	expect_events "other running"
	stop_pilotfish
	expect_code 0
	((took < 500 * slow))
}

@test "stopSignal is sent, and a suspended process is woken up for it" {
	script polite <<-'EOF'
		trap 'echo bye; exit 0' QUIT
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "$dir/polite"; stopSignal = "QUIT"; },
			 { name = "usr"; exec = "$dir/polite"; stopSignal = "SIGUSR1"; } );
	EOF
	expect_log '"job":"app".*"stream"'
	expect_log '"job":"usr".*"stream"'
	kill -STOP "$(job_pid app)"
	stop_pilotfish
	expect_code 0
	((took < 2000 * slow))
	[[ $(said app) == $'ready\nbye' ]]
	expect_log '"usr ended: killed by SIGUSR1'
}

@test "the stop signal goes to the process alone, or with stopGroup to its group" {
	script child <<-'EOF'
		trap 'echo child got TERM >>"$dir/$1"; exit' TERM
		echo >>"$dir/$1"
		while :; do read -rt 1 <> <(:); done
	EOF
	script parent <<-'EOF'
		trap 'sleep 0.2; echo parent ends >>"$dir/$1"; exit 0' TERM
		"$dir/child" "$1" &
		while ! [ -s "$dir/$1" ]; do sleep 0.01; done
		echo ready
		while :; do wait; done
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "one"; exec = "$dir/parent one"; },
			 { name = "group"; exec = "$dir/parent group"; stopGroup = true; } );
	EOF
	expect_log '"job":"one".*"stream"'
	expect_log '"job":"group".*"stream"'
	stop_pilotfish
	expect_code 0
	# what is left in the group gets SIGTERM when the process has ended
	[[ $(tr '\n' ,  <"$dir/one") == ",parent ends,child got TERM," ]]
	[[ $(tr '\n' , <"$dir/group") == ",child got TERM,parent ends," ]]
}

@test "a job publishes stopped when the process and its group are gone" {
	script child <<-'EOF'
		trap '' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	script parent <<-'EOF'
		trap 'exit 0' TERM
		"$dir/child" &
		echo $! >"$dir/child.pid"
		while :; do wait; done
	EOF
	script after <<-'EOF'
		kill -0 "$(<"$dir/child.pid")" 2>/dev/null && echo lives || echo gone
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "$dir/parent"; postStop = "$dir/after"; } );
	EOF
	expect_log '"ready"'
	stop_pilotfish
	[[ $(said app.postStop) == gone ]]
	expect_events "app stopping" "app stopped" "app.postStop running" "app.postStop stopped"
	((took < 3000 * slow))
}

@test "a second SIGTERM kills at once" {
	stubborn
	start_pilotfish <<-EOF
		stopTimeout = "60s";
		jobs = ( { name = "app"; exec = "$dir/stubborn"; } );
	EOF
	expect_log '"ready"'
	signal_pilotfish TERM
	expect_log '"TERM"'
	signal_again
	expect_code 137
	((took < 2000 * slow))
}

@test "a stop during a pause between restarts is at once" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "false"; restarts = "unlimited"; backoff = { min = "30s"; }; } );
	EOF
	expect_log 'app restarts in'
	stop_pilotfish
	expect_code 0
	((took < 1000 * slow))
	[[ $(count_events "app running") == 1 ]]
}

@test "the drain time runs before the stop signal, and is cut by the deadline" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; drain = "400ms"; preStop = "echo leaving"; } );
	EOF
	expect_events "app running"
	stop_pilotfish
	expect_code 0
	expect_events "app draining" "app stopping" "app.preStop running" "app.preStop exitSuccess" "app stopped"
	(($(between "app draining" "app stopping") >= 390))
	((took < 2000 * slow))

	start_pilotfish <<-'EOF'
		stopTimeout = "2s";
		jobs = ( { name = "app"; exec = "sleep 1000"; drain = "1h"; } );
	EOF
	expect_events "app running"
	stop_pilotfish
	expect_code 0
	((took < 2000 * slow))
}
