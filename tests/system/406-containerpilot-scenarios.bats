# The scenarios of ContainerPilot's own integration tests, with files that it reads.
# plain

# no_command, version_flag, -reload's words in the log, /status and the three metrics: 404.

load containerpilot

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
}

# --- version 3

@test "config_reload, coprocess: a restart, not two; other arguments and a new budget; reloads without end" {
	local reloads=$((${ROUNDS:-1} > 1 ? 200 : 20)) main n

	version3 "jobs: [ { name: 'main', exec: 'sleep 1000' }, { name: 'co', exec: ['sleep', '1001'], restarts: 1 } ]"
	start_it
	expect_events "co running"
	main=$(job_pid main)
	for argument in 1002 1003; do
		kill "$(job_pid co)"
		expect_events "co exitFailed" "co running"
		kill "$(job_pid co)"
		expect_events "co exitFailed" "co stopped"
		sed -i "s/'10[0-9]*'/'$argument'/" "$file"
		tell -reload
		expect_events "co running"
		grep -qa "$argument" "/proc/$(job_pid co)/cmdline"
	done
	[[ $(count_events "co running") == 5 ]]
	for ((n = 1; n <= reloads; n++)); do
		sed -i "s/'10[0-9]*'/'$((1003 + n))'/" "$file"
		tell -reload
	done
	expect_log '"control: reloaded app via control plane"'
	[[ $(count_log '"control: reloaded app via control plane"') == $((reloads + 2)) ]]
	[[ $(count_log '"control: serving at ') == $((reloads + 3)) ]]
	lives "$main"
	[[ $(pgrep -cP "$pid" sleep) == 2 ]]
}

@test "a broken file at -reload changes nothing; jobs that go and come, as the next file says" {
	version3 "jobs: [ { name: 'main', exec: 'sleep 1000' }, { name: 'going', exec: 'sleep 1001' } ]"
	start_it
	expect_events "going running"
	main=$(job_pid main) going=$(job_pid going)
	cp "$file" "$dir/good"
	sed -i 's/name: .going/nmae: "going/' "$file"
	run -1 "$pilotfish" -config "$dir/good" -reload
	[[ $output == *"$file:1:"* ]] || fail "$output"
	lives "$going"
	version3 "jobs: [ { name: 'main', exec: 'sleep 1000' }, { name: 'coming', exec: 'sleep 1002' } ]"
	tell -reload
	expect_events "going stopped" "coming running"
	gone "$going"
	lives "$main"
	stop_pilotfish
	expect_code 0
}

@test "discovery_consul: nginx gets its backends from a job on each change of a watch" {
	free_port front one two
	script backends <<-EOF
		curl -sS "$consul_address/v1/health/service/shop?passing" |
			jq -r '.[].Service | "server \(.Address):\(.Port);"' >$dir/upstream
		[[ -s $dir/upstream ]] || echo "server 127.0.0.1:1;" >$dir/upstream
		[[ ! -e $dir/nginx.pid ]] || nginx -c $dir/nginx.conf -s reload
	EOF
	cat >"$dir/nginx.conf" <<-EOF
		daemon off; pid $dir/nginx.pid; error_log stderr; worker_processes 1; events { }
		http { access_log off; upstream shop { include $dir/upstream; }
			server { listen 127.0.0.1:$front; location /ok { return 200; } location /app/ { proxy_pass http://shop/; } }
			server { listen 127.0.0.1:$one; return 200 one; }
			server { listen 127.0.0.1:$two; return 200 two; } }
	EOF
	version3 "jobs: [ { name: 'backends', exec: '$dir/backends' },
		{ name: 'nginx', exec: 'nginx -c $dir/nginx.conf', port: $front, interfaces: 'static:127.0.0.1',
		  when: { source: 'backends', once: 'exitSuccess' },
		  health: { exec: 'curl -fsS http://127.0.0.1:$front/ok', interval: 1, ttl: 5 } },
		{ name: 'onchange', exec: '$dir/backends', when: { source: 'watch.shop', each: 'changed' } } ],
		watches: [ { name: 'shop', interval: 1 } ]"
	start_it
	await_passing nginx 1
	register shop shop1 "$one"
	await routes one
	deregister shop1
	register shop shop2 "$two"
	await routes two
	deregister shop2
	stop_pilotfish
	await_gone nginx
}

routes()
{
	[[ $(curl -sS --max-time 2 "http://127.0.0.1:$front/app/" 2>&1) == "$1" ]]
}

@test "logging: lines of jobs and checks, raw and not" {
	version3 "logging: { level: 'DEBUG', format: 'text' }, jobs: [
		{ name: 'job1', exec: ['echo', 'job1 exec'], restarts: 1,
		  health: { exec: ['echo', 'job1 health'], interval: 1, ttl: 5, logging: { raw: true } } },
		{ name: 'job2', exec: ['echo', 'job2 exec'], logging: { raw: true } },
		{ name: 'job3', exec: 'sleep 1000', health: { exec: ['echo', 'job3 health'], interval: 1, ttl: 5 } },
		{ name: 'job4', exec: 'sleep 1000',
		  health: { exec: ['echo', 'job4 health'], interval: 1, ttl: 5, logging: { raw: true } } } ]"
	start_it -l
	expect_log 'msg="loaded config: .*job1'
	expect_log '^time=.* level=info .*job=job1 .*msg="job1 exec"'
	expect_log '^time=.* level=info .*msg="job3 health"'
	expect_log '^job4 health$'
	has_line "$dir/main.log" "job2 exec"
	refute_log '^job1 exec|^job3 health|msg="job[24] (exec|health)"'
}

@test "reap_zombies, reopen, sighup, envvars, as PID 1" {
	needs_root
	unshare --pid --fork true 2>/dev/null || skip "no PID namespaces here"
	script zombies <<<'(sleep 0.1 & sleep 0.1 &) ; exit 0'
	version3 "logging: { output: '$dir/out' }, jobs: [
		{ name: 'testEnvVar', exec: 'sleep 1000', port: 80, interfaces: ['static:192.0.2.8'],
		  health: { exec: '$dir/zombies', interval: 1, ttl: 5 } },
		{ name: 'test-pid', exec: 'sleep 1000' },
		{ name: 'hup', exec: ['sh', '-c', 'env | sort; echo hup is done'], when: { source: 'SIGHUP' } },
		{ name: 'usr2', exec: 'echo usr2 is done', when: { source: 'SIGUSR2' } } ]"
	start_it -1
	await_passing testEnvVar 1
	signal_pilotfish HUP
	await grep -q '"hup is done"' "$dir/out"
	grep -q 'CONTAINERPILOT_TESTENVVAR_IP=192.0.2.8' "$dir/out"
	grep -q 'CONTAINERPILOT_TEST_PID_PID=[1-9]' "$dir/out"
	mv "$dir/out" "$dir/moved"
	signal_pilotfish USR2
	await grep -q '"usr2 is done"' "$dir/moved"
	signal_pilotfish USR1
	await [ -e "$dir/out" ]
	signal_pilotfish HUP
	await grep -q '"hup is done"' "$dir/out"
	await grep -q '"source":"testEnvVar","event":"healthy"' "$dir/out"
	[[ $(cat "$dir/moved" "$dir/out" | grep -cE '"source":"testEnvVar","event":"(stopped|unhealthy)"') == 0 ]]
	[[ $(ps --ppid "$pid" -o stat= | grep -c Z) -le 1 ]]
	await_passing testEnvVar 1
	stop_pilotfish
	expect_code 0
	await_gone testEnvVar
}

@test "sigterm: preStop while the service is gone already and the app runs, postStop after it" {
	app
	script look <<-EOF
		echo "\$1: \$(curl -sS $consul_address/v1/catalog/service/leaver | jq length) \$(pgrep -cfx "/bin/bash $dir/app")"
	EOF
	version3 "stopTimeout: 1, jobs: [
		{ name: 'leaver', exec: '$dir/app', port: 80, interfaces: ['static:192.0.2.9'],
		  health: { exec: 'true', interval: 1, ttl: 5 } },
		{ name: 'preStop', exec: ['sh', '-c', 'sleep 1.5; $dir/look preStop'],
		  when: { source: 'leaver', once: 'stopping' } },
		{ name: 'postStop', exec: '$dir/look postStop', when: { source: 'leaver', once: 'stopped' } } ]"
	start_it
	await_passing leaver 1
	mark
	stop_pilotfish
	expect_code 0
	expect_events "leaver stopping" "preStop exitSuccess" "leaver exitSuccess" "leaver stopped" "postStop exitSuccess"
	[[ $(said preStop) == "preStop: 0 1" && $(said postStop) == "postStop: 0 0" ]] || fail "$(said preStop) $(said postStop)"
	((took < 3000 * slow))
}

@test "tasks: restarts, timeouts, and one without a limit" {
	version3 "jobs: [
		{ name: 'six', exec: 'true', when: { interval: '500ms' }, restarts: 5 },
		{ name: 'slow', exec: 'sleep 2', when: { interval: '500ms' }, timeout: '100ms', restarts: 5 },
		{ name: 'endless', exec: 'true', when: { interval: '1s' } } ]"
	start_it
	expect_events "slow stopped"
	expect_events "endless exitSuccess"
	[[ $(count_events "six exitSuccess") == 6 && $(count_events "six running") == 6 ]]
	[[ $(count_events "slow exitFailed") == 6 && $(count_log 'slow timeout after 100ms') == 6 ]]
	[[ $(count_log 'six timeout') == 0 ]]
	[[ $(count_events "endless running") =~ ^[345]$ ]] || fail "$(count_events 'endless running')"
	refute_events "endless stopped"
}

@test "telemetry: a metric by -putmetric; the service containerpilot comes and goes" {
	free_port
	version3 "telemetry: { port: $port, interfaces: ['static:127.0.0.1'], tags: ['t'], metrics: [ { namespace: 'containerpilot',
		subsystem: 'app', name: 'some_counter', help: 'h', type: 'counter' } ] },
		jobs: [ { name: 'app', exec: 'sleep 1000' } ]"
	start_it
	await_passing containerpilot 1
	tell -putmetric containerpilot_app_some_counter=42
	curl -sS "http://127.0.0.1:$port/metrics" >"$dir/metrics"
	has_line "$dir/metrics" 'containerpilot_app_some_counter 42'
	tell -maintenance enable
	await_passing containerpilot 0
	tell -maintenance disable
	await_passing containerpilot 1
	stop_pilotfish
	await_gone containerpilot
}

# --- version 2

@test "version 2: HUP reloads and leaves the application, USR1 is maintenance; tasks, sensors, coprocesses" {
	free_port
	two()
	{
		version2 '"services": [ { "name": "older", "port": 80, "poll": 1, "ttl": 5, "health": "true",
				"interfaces": ["static:192.0.2.2"] } ],
			"tasks": [ { "name": "task", "command": "echo '"$1"'", "frequency": "200ms" },
				{ "name": "slow", "command": "sleep 2", "frequency": "300ms", "timeout": "100ms" } ],
			"coprocesses": [ { "name": "co", "command": "sleep '"$1"'", "restarts": "unlimited" } ],
			"telemetry": { "port": '"$port"', "interfaces": ["static:127.0.0.1"], "sensors": [ { "namespace": "ns", "subsystem": "sub",
				"name": "free", "help": "h", "type": "gauge", "poll": 1, "check": "echo 42" } ] }'
	}
	two 1001
	start_it sleep 1000
	await_passing older 1
	expect_events "task exitSuccess" "task exitSuccess"
	expect_log 'slow timeout after 100ms'
	await_passing containerpilot 1
	await measures 'ns_sub_free 42'
	app=$(job_pid app) co=$(job_pid co)
	two 1002
	signal_pilotfish HUP
	expect_events "co stopped" "global reloaded" "task exitSuccess"
	[[ $(said task | tail -n 1) == 1002 ]]
	gone "$co"
	echo '{' >"$file"
	signal_pilotfish HUP
	expect_log 'not reloaded|the old configuration stays'
	signal_pilotfish USR1
	await_passing older 0
	signal_pilotfish USR1
	await_passing older 1
	lives "$app"
	stop_pilotfish
	expect_code 0 143
	await_gone older
}

measures()
{
	curl -sS "http://127.0.0.1:$port/metrics" >"$dir/metrics" && has_line "$dir/metrics" "$1"
}

@test "version 2: HUP and USR1 while preStart runs" {
	script preStart <<-EOF
		until [[ -e $dir/go ]]; do read -rt 0.02 <> <(:); done
		exit 0
	EOF
	pre()
	{
		version2 '"preStart": "'"$dir"'/preStart", "services": [ { "name": "early", "port": '"$1"', "poll": 1, "ttl": 5,
			"interfaces": ["static:192.0.2.3"] } ]'
	}
	pre 81
	start_it sleep 1000
	expect_events "app.preStart running"
	pre 82
	signal_pilotfish HUP
	expect_events "global reloaded"
	signal_pilotfish USR1
	expect_events "global enterMaintenance"
	touch "$dir/go"
	expect_events "app running"
	[[ $(count_events "app.preStart running") == 1 ]]
	await_passing early 0
	signal_pilotfish USR1
	expect_events "global exitMaintenance"
	await_passing early 1
	[[ $(consul_get /v1/catalog/service/early | jq .[0].ServicePort) == 82 ]]
	stop_pilotfish
	await_gone early
}

@test "version 2, sigterm: out of Consul, then preStop, SIGTERM and postStop, whose status counts" {
	app
	script look <<<"curl -sS $consul_address/v1/catalog/service/parting | jq length >$dir/left; sleep 1.2"
	version2 '"preStop": "'"$dir"'/look", "postStop": "sh -c exit", "stopTimeout": 1,
		"services": [ { "name": "parting", "port": 80, "poll": 1, "ttl": 5, "interfaces": ["static:192.0.2.4"] } ]'
	sed -i 's/"sh -c exit"/["sh", "-c", "exit 5"]/' "$file"
	start_it "$dir/app"
	await_passing parting 1
	mark
	stop_pilotfish
	[[ $(<"$dir/left") == 0 ]]
	expect_events "app.preStop exitSuccess" "app exitSuccess" "app.postStop exitFailed"
	expect_code 0			# as a stop that was asked for has, and ContainerPilot 2 as PID 1
}

@test "version 2: the application's end is the end, with its status or postStop's" {
	version2 '"postStop": "true", "coprocesses": [ { "command": "sleep 1000" } ],
		"tasks": [ { "name": "t", "command": "true", "frequency": "50ms" } ]'
	start_it sh -c 'exit 7'
	wait_exit
	expect_code 7
	sed -i 's/"true", "co/"false", "co/' "$file"
	start_it sh -c 'exit 7'
	wait_exit
	expect_code 7
	sed -i 's/"postStop/"preStart": ["sh", "-c", "exit 9"], "postStop/' "$file"
	start_it touch "$dir/ran"
	wait_exit
	expect_code 9
	[[ ! -e $dir/ran ]]
}
