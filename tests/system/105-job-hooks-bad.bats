# Processes that misbehave harm only themselves.

load jobs

# A job that must keep its pace while others misbehave.
clock='{ name = "clock"; exec = "true"; when = { interval = "50ms"; }; }'

@test "the timeout ends a hook that never ends, and the others go on" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; },
			 { name = "hook"; exec = "sleep 1000"; timeout = "300ms"; when = { source = "app"; once = "running"; }; },
			 $clock );
	EOF
	expect_events "hook running" "clock running" "clock running" "hook exitFailed" "hook stopped" "clock running"
	stop_pilotfish
	expect_code 0
}

@test "a daemon in its own session holds the pipes: the exit event comes at once, its lines later" {
	script hook <<-'EOF'
		setsid sh -c 'trap "" TERM; touch $dir/up; while [ ! -e "$dir/go" ]; do sleep 0.02; done; echo late; echo $$ >"$dir/daemon"; exec sleep 1000' &
		until [ -e "$dir/up" ]; do sleep 0.01; done
		echo early
		printf unfinished
	EOF
	start_pilotfish <<-EOF
		stopTimeout = "1s";
		jobs = ( { name = "app"; exec = "sleep 1000"; },
			 { name = "hook"; exec = "$dir/hook"; when = { source = "app"; once = "running"; }; } );
	EOF
	expect_events "hook running" "hook exitSuccess" "hook stopped"
	(($(between "hook running" "hook exitSuccess") < 1000 * slow))
	[[ $(said hook) == $'early\nunfinished' ]]
	touch "$dir/go"
	expect_log '"late","job":"hook"'
	await test -s "$dir/daemon"
	stop_pilotfish
	gone "$(<"$dir/daemon")"
}

@test "a daemon in the hook's group ends with the hook" {
	script hook <<-'EOF'
		trap '' TERM
		sleep 1000 &
		echo $!
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; },
			 { name = "hook"; exec = "$dir/hook"; when = { source = "app"; once = "running"; }; } );
	EOF
	expect_events "hook exitSuccess"
	gone "$(said hook)"
	(($(between "hook running" "hook exitSuccess") < 1500 * slow))
	stop_pilotfish
	expect_code 0
}

@test "fork fails: pilotfish says so and retries until it succeeds" {
	needs_root
	chmod 711 "$BATS_RUN_TMPDIR"
	cp "$pilotfish" "$dir/pilotfish"
	cat >"$dir/main.conf" <<-'EOF'
		jobs = ( { name = "one"; exec = "sleep 1000"; restarts = "unlimited"; backoff = { min = "20ms"; max = "40ms"; }; },
			 { name = "two"; exec = "sleep 1001"; restarts = "unlimited"; backoff = { min = "20ms"; max = "40ms"; }; } );
	EOF
	stranger=(setpriv --reuid 54399 --regid 54399 --clear-groups)
	PILOTFISH_LOG_LEVEL=debug PILOTFISH_LOG_FORMAT=json start_program main "${stranger[@]}" \
		prlimit --nproc=2:1000 "$dir/pilotfish" -c "$dir/main.conf"
	current=main
	pid=$(pid_of main)
	expect_events "one running"
	expect_log 'two cannot start: cannot start a process: Resource temporarily unavailable'
	expect_log 'two restarts in'
	lives "$(job_pid one)"
	"${stranger[@]}" prlimit --pid "$pid" --nproc=100:1000
	expect_events "two running"
	stop_pilotfish
	expect_code 0
}

@test "descriptors used up: pilotfish says so, other jobs go on, and it recovers" {
	{
		echo 'jobs = ( { name = "first"; exec = "sleep 1000"; }'
		for i in {1..20}; do
			echo ", { name = \"job$i\"; exec = \"sleep 1000\"; restarts = \"unlimited\";
				  backoff = { min = \"50ms\"; max = \"50ms\"; }; }"
		done
		echo ');'
	} >"$dir/many.conf"
	(ulimit -Sn 20; start_pilotfish <"$dir/many.conf")
	pid=$(pid_of main)
	expect_events "first running"
	expect_log 'job[0-9]+ cannot start: .*Too many open files'
	lives "$(job_pid first)"
	prlimit --pid "$pid" --nofile=1000
	all_run() { (($(count_log '"source":"[^"]*","event":"running"') == 21)); }
	await all_run
	stop_pilotfish
	expect_code 0
}

@test "many runs leave no memory or descriptors behind" {
	descriptors() { ls "/proc/$pid/fd" | wc -l; }

	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "echo app"; restarts = 300; backoff = { min = "1ms"; max = "1ms"; }; },
			 { name = "main"; exec = "sleep 1000"; health = { exec = "echo fine"; interval = "5ms"; }; } );
	EOF
	expect_events "app running" "app exitSuccess" "main healthy"
	before=$(descriptors)
	expect_events "app stopped"
	few() { (($(descriptors) <= before)); }
	await few
	[[ $(ls "/proc/$pid/task" | wc -l) == 1 ]]
	stop_pilotfish
	expect_code 0
}

@test "a workload does not inherit our descriptors" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "first"; exec = "sleep 1000"; }, { name = "second"; exec = "sleep 1000"; needs = [ "first running" ]; } );
	EOF
	expect_events "second running"
	[[ $(ls "/proc/$(job_pid second)/fd" | tr '\n' ' ') == "0 1 2 " ]]
	stop_pilotfish
}

nginx_in_background()	# its default mode
{
	mkdir -p "$dir/nginx"
	echo "daemon on; pid $dir/nginx/pid; error_log stderr; events { } http { access_log off; client_body_temp_path $dir/nginx/b;
		proxy_temp_path $dir/nginx/p; fastcgi_temp_path $dir/nginx/f; scgi_temp_path $dir/nginx/s; uwsgi_temp_path $dir/nginx/u;
		server { listen unix:$dir/nginx/socket; } }" >"$dir/nginx.conf"
	echo "nginx -e stderr -c $dir/nginx.conf"
}

@test "a hook that goes to the background lives on, always, and the log says so" {
	local round

	for round in {1..8}; do
		rm -rf "$dir/nginx"
		start_pilotfish <<-EOF
			jobs = ( { name = "app"; exec = "sleep 1000"; preStart = "$(nginx_in_background)"; } );
		EOF
		expect_events "app running"
		expect_log 'app.preStart ended with exit code 0 and has left nginx\[[0-9]*\] running, which nobody watches'
		curl -s --max-time 3 --unix-socket "$dir/nginx/socket" http://x/ >/dev/null || [[ $? == 22 ]]
		stop_pilotfish
		expect_code 0
	done
}

@test "a workload that goes to the background: the log says why its job has ended" {
	start_pilotfish <<<"jobs = ( { name = \"app\"; exec = \"$(nginx_in_background)\"; } );"
	wait_exit
	expect_code 0
	expect_log 'app ended with exit code 0 and has left nginx\[[0-9]*\] running, .* as nginx -g .daemon off;'
}

@test "what a hook has left in its group is named when it is ended, once" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; },
			 { name = "hook"; exec = [ "sh", "-c", "sleep 1000 & sleep 1001 & true" ]; when = { interval = "1s"; }; } );
	EOF
	LIMIT=15 expect_events "hook exitSuccess" "hook exitSuccess" "hook exitSuccess"
	expect_log 'hook has left processes in its group, which end now: sleep\[[0-9]*\], sleep\[[0-9]*\]'
	[[ $(count_log 'has left processes') == 1 ]]
}
