# A job says itself that it is ready: by a descriptor, as s6 has it, and by sd_notify(3); and pilotfish tells its manager.

load jobs

setup()
{
	export PILOTFISH_SOCKET=$dir/control.sock
	mkfifo "$dir"/{say,forge}{,.reply}
}

speaker()		# the exec of a job that says what `say` writes
{
	echo "[ \"python3\", \"$helpers/notify.py\", \"$dir/say\", \"$dir/env\" ]"
}

say()			# WORD [FIFO]: returns when pilotfish has read it
{
	say_only "$@"
	timeout "$(limit)" cat "$dir/${2-say}.reply" >/dev/null
}

say_only()
{
	timeout "$(limit)" tee "$dir/${2-say}" <<<"$1" >/dev/null
}

health_is()		# JOB "STATUS OUTPUT"
{
	[[ $("$pilotfish" status --json | jq -r --arg job "$1" '.jobs[] | select(.name == $job) |
		if .health.known then .health.status else "unknown" end + " " + .health.output') == "$2" ]]
}

readiness_is()		# JOB "STATE TEXT"
{
	[[ $("$pilotfish" status --json | jq -r --arg job "$1" '.jobs[] | select(.name == $job) |
		.readiness.state + " " + .readiness.text') == "$2" ]]
}

output_in_consul()	# SERVICE OUTPUT: of its check
{
	[[ $(consul_get "/v1/agent/checks" | jq -r --arg name "$1" '.[] | select(.ServiceName == $name) | .Output') == "$2" ]]
}

@test "a newline on the descriptor makes the job healthy, registered as passing, and starts what waits for it" {
	start_consul
	mkfifo "$dir/go"
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; port = 80; interfaces = "static:127.0.0.1"; readiness = { fd = 7; };
			   exec = [ "bash", "-c", "ls -l /proc/\$\$/fd >$dir/fds; printf 'not yet' >&7; read < $dir/go; printf 'and\\nmore' >&7; echo again >&7; echo done; exec sleep 1000" ]; },
			 { name = "after"; exec = "sleep 1000"; when = { source = "app"; once = "healthy"; }; } );
	EOF
	expect_events "app running"
	await_checks app critical 1
	health_is app "unknown not ready yet"
	run "$pilotfish" healthcheck --job app
	[[ $status == 1 && $output == *'app is not ready yet' ]]
	refute_events "after running"
	echo >"$dir/go"
	expect_events "app healthy" "after running"
	await_passing app 1
	await output_in_consul app ready
	"$pilotfish" healthcheck --job app
	await has_line <(said app) done		# no SIGPIPE
	[[ $(grep -c 'pipe:' "$dir/fds") == 3 ]]	# two of its output, one more
}

@test "a real s6-svscan, which uses a descriptor, becomes ready" {
	mkdir "$dir/scan"
	start_pilotfish <<-EOF
		jobs = ( { name = "scan"; exec = "s6-svscan -d 4 $dir/scan"; readiness = { fd = 4; }; } );
	EOF
	expect_events "scan running" "scan healthy"
}

@test "each run begins as not ready; an end of the file is not a word" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; readiness = { fd = 3; }; restarts = "unlimited"; backoff = { min = "10ms"; };
			   exec = [ "bash", "-c", "if test -e $dir/again; then exec 3>&-; else touch $dir/again; echo >&3; fi; exec sleep 1000" ]; },
			 { name = "ends"; readiness = { fd = 3; }; exec = "true"; } );
	EOF
	expect_events "app running" "app healthy"
	refute_events "ends unhealthy"
	mark
	kill -9 "$(job_pid app)"
	expect_events "app exitFailed" "app running" "app unhealthy"
	health_is app "critical no newline came from the readiness descriptor"
	expect_log 'app is critical: no newline came'
	refute_events "app healthy"
}

@test "what sd_notify says: ready, a status, reloading, failed, stopping" {
	start_consul
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; port = 80; interfaces = "static:127.0.0.1"; exec = $(speaker);
			   readiness = { notify = true; watchdog = "1h"; }; } );
	EOF
	expect_events "app running"
	say 'STATUS=loading 20%'
	readiness_is app "waiting loading 20%"
	health_is app "unknown not ready yet: loading 20%"
	say 'WATCHDOG=1'
	readiness_is app "waiting loading 20%"
	say 'READY=1\nSTATUS=3 clients\nMAINPID=1\nERRNO=5'
	expect_events "app healthy"
	await_passing app 1
	await output_in_consul app 'ready: 3 clients'
	say 'RELOADING=1'
	readiness_is app "reloading 3 clients"
	health_is app "passing reloading: 3 clients"
	await output_in_consul app 'reloading: 3 clients'
	say 'READY=1'
	refute_events "app unhealthy"
	say 'STATUS=\nWATCHDOG=trigger'
	expect_events "app unhealthy"
	await output_in_consul app 'watchdog: the program says that it has failed'
	say 'WATCHDOG=1'
	expect_events "app healthy"
	say 'STOPPING=1'
	expect_events "app unhealthy"
	await output_in_consul app stopping
	say 'WATCHDOG=1'				# no way back by this
	readiness_is app "stopping "
	grep -qxE 'NOTIFY_SOCKET=@[0-9a-f]+' "$dir/env"
	grep -qx 'WATCHDOG_USEC=3600000000' "$dir/env"
	grep -qx "WATCHDOG_PID=$(job_pid app)" "$dir/env"
}

@test "a watchdog without a sign turns Consul red, a sign turns it back" {
	start_consul
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; port = 80; interfaces = "static:127.0.0.1"; exec = $(speaker);
			   readiness = { notify = true; watchdog = "2s"; }; } );
	EOF
	expect_events "app running"
	say ping
	say 'READY=1\nSTATUS=3 clients'
	expect_events "app healthy"
	await_passing app 1
	refute_events "app unhealthy"
	say quiet
	expect_events "app unhealthy"
	expect_log 'app is critical: watchdog: no sign for 2s: 3 clients'
	await_checks app critical 1
	await output_in_consul app 'watchdog: no sign for 2s: 3 clients'
	say ping
	expect_events "app healthy"
	await_passing app 1
}

@test "a foreign process, also of another job, is not believed; a descendant in its own session is" {
	script other <<-'EOF'
		until export NOTIFY_SOCKET=$(sed -n 's/^NOTIFY_SOCKET=//p' "$dir/env") && [[ $NOTIFY_SOCKET ]]; do sleep 0.1; done
		exec python3 "$1/notify.py" "$dir/forge"
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; readiness = { notify = true; };
			   exec = [ "bash", "-c", "setsid python3 $helpers/notify.py $dir/say $dir/env & wait" ]; },
			 { name = "other"; exec = "$dir/other $helpers"; } );
	EOF
	say READY=1 forge
	expect_log 'app gets a notification from pid [0-9]+, which is none of its processes: ignored'
	say READY=1 forge
	readiness_is app "waiting "
	refute_events "app healthy"
	[[ $(count_log 'which is none of its processes') == 1 ]]
	say 'READY=1'
	expect_events "app healthy"
}

@test "with a check, both have to say so: it is checked only while it is ready" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = $(speaker); readiness = { notify = true; };
			   health = { exec = "test ! -e $dir/ill"; interval = "100ms"; }; } );
	EOF
	expect_events "app running"
	touch "$dir/ill"
	say 'STATUS=x'
	refute_events "app.health exitFailed"
	say 'READY=1'
	expect_events "app.health exitFailed" "app unhealthy"
	rm "$dir/ill"
	expect_events "app healthy"
	say 'STOPPING=1'
	expect_events "app unhealthy"
	mark
	health_is app "critical stopping: x"
	say 'STATUS=y'
	refute_events "app.health exitSuccess"
	say 'READY=1'
	expect_events "app.health exitSuccess" "app healthy"
	"$pilotfish" healthcheck
}

@test "a job that is not ready in time is unhealthy until it is" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = $(speaker); readiness = { notify = true; timeout = "300ms"; }; } );
	EOF
	expect_events "app running" "app unhealthy"
	expect_log '"level":"warn".*app is critical: not ready within 300ms'
	say 'READY=1'
	expect_events "app healthy"
	readiness_is app "ready "
}

@test "long and many datagrams, and descriptors in them, cost nothing else anything" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = $(speaker); readiness = { notify = true; }; },
			 { name = "other"; exec = "sleep 1000"; health = { exec = "true"; interval = "100ms"; }; } );
	EOF
	expect_events "app running" "other healthy"
	say 'big 10'
	descriptors=$(ls "/proc/$pid/fd" | wc -l)
	are_as_before()		# but for those of a check that runs just now
	{
		(($(ls "/proc/$pid/fd" | wc -l) <= descriptors))
	}
	say 'big 100000'
	[[ $("$pilotfish" status --json | jq '.jobs[0].readiness.text | length') == 1024 ]]
	say 'READY=1'
	await are_as_before
	say_only flood
	await readiness_is app "ready flood"
	mark
	for _ in 1 2 3 4 5; do
		expect_events "other.health exitSuccess"
		"$pilotfish" status --timeout 2s >/dev/null
	done
	stop_pilotfish
	expect_code 0
}

@test "sd_notify works for another user, without rights to the network" {
	needs_root
	chmod 711 "$dir" "${dir%/*}" "${dir%/*/*}"
	chmod 666 "$dir"/say{,.reply}
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = [ "python3", "$helpers/notify.py", "$dir/say" ]; user = "nobody"; restrict = [ "no-network" ];
			   readiness = { notify = true; }; } );
	EOF
	expect_events "app running"
	say 'READY=1'
	expect_events "app healthy"
}

@test "a reload leaves a ready job alone, and starts a changed one anew as not ready" {
	config()
	{
		cat <<-EOF
			jobs = ( { name = "app"; exec = $(speaker); readiness = { notify = true; timeout = "$1"; }; restarts = $2; } );
		EOF
	}
	config 30s 0 | start_pilotfish
	expect_events "app running"
	say 'READY=1'
	expect_events "app healthy"
	config 30s 1 | write_config
	"$pilotfish" reload
	readiness_is app "ready "
	mark
	config 40s 1 | write_config
	"$pilotfish" reload
	expect_events "app stopped" "app running"
	readiness_is app "waiting "
	refute_events "app healthy"
	say 'READY=1'
	expect_events "app healthy"
}

@test "pilotfish tells its own manager: ready, its trouble, a reload, also a refused one, and its end" {
	start_program manager python3 "$helpers/notify.py" --listen "$dir/manager"
	await test -S "$dir/manager"
	export NOTIFY_SOCKET=$dir/manager WATCHDOG_USEC=1
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = $(speaker); readiness = { notify = true; }; },
			 { name = "plain"; exec = "bash -c 'echo >$dir/plain.env.new \"\$NOTIFY_SOCKET.\"; mv $dir/plain.env.new $dir/plain.env; sleep 1000'"; needs = "app healthy"; },
			 { name = "rescue"; exec = "true"; when = { source = "app"; once = "exitFailed"; }; } );
	EOF
	told() { grep -qE "^$1\$" "$dir/manager.log"; }
	expect_events "app running"
	await told 'STATUS=(app is not ready yet|plain waits for: app healthy)'
	run ! told 'READY=1.*'
	say 'READY=1'
	await told 'READY=1 STATUS=running'
	await test -e "$dir/plain.env"
	[[ $(<"$dir/plain.env") == . ]]
	say 'STOPPING=1'
	await told 'STATUS=app is critical: stopping'
	say 'READY=1'
	await told 'STATUS=running'
	"$pilotfish" reload
	await told 'RELOADING=1 MONOTONIC_USEC=[0-9]+ STATUS=reloading'
	await told 'READY=1'
	echo 'jobs = (' | write_config
	run "$pilotfish" reload
	await test "$(grep -c '^RELOADING=1' "$dir/manager.log")" = 2
	await eval '[[ $(grep -cx READY=1 "$dir/manager.log") == 2 ]]'
	stop_pilotfish
	await told 'STOPPING=1 STATUS=stopping'
}

@test "pilotfish tells an abstract socket, too; one that is missing is logged once" {
	start_program manager python3 "$helpers/notify.py" --listen "@pilotfish-$$"
	await grep -q "@pilotfish-$$" /proc/net/unix
	export NOTIFY_SOCKET=@pilotfish-$$
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	await grep -qx 'READY=1 STATUS=running' "$dir/manager.log"
	stop_program manager
	signal_pilotfish HUP
	expect_events "global reloaded"
	stop_pilotfish
	expect_code 0
	[[ $(count_log 'our manager is not notified') == 1 ]]
}

@test "wrong configurations are refused" {
	refused()	# READINESS MESSAGE
	{
		run "$pilotfish" check -c <(echo "jobs = ( { name = \"app\"; ${3-exec = \"true\";} readiness = $1; } );")
		[[ $status == 65 && $output == *"$2"* ]] || fail "$output"
	}
	refused '{ }' 'jobs[app].readiness: one of fd and notify is missing'
	refused '{ fd = 3; notify = true; }' 'only one of fd and notify may be given'
	refused '{ fd = 2; }' 'jobs[app].readiness.fd: must be'
	refused '{ fd = 3; watchdog = "3s"; }' 'readiness.watchdog: only possible with notify'
	refused '{ notfy = true; }' "did you mean 'notify'?"
	refused '{ fd = 3; }' 'readiness: only possible with exec' 'port = 80;'
}
