# The control socket and its verbs.

load lib
load measure

setup()
{
	export PILOTFISH_SOCKET=$dir/control.sock
}

ask()		# PATH [CURL OPTION...]
{
	curl -sS --max-time 5 --unix-socket "$PILOTFISH_SOCKET" "http://x$1" "${@:2}"
}

status_is()	# JQ-EXPRESSION VALUE
{
	[ "$("$pilotfish" status --json | jq -r "$1")" = "$2" ]
}

status_of()		# JOB MEMBER
{
	"$pilotfish" status --json | jq -r --arg job "$1" ".jobs[] | select(.name == \$job) | .$2"
}

has_new_pid()		# JOB PID
{
	(($(status_of "$1" pid) != 0 && $(status_of "$1" pid) != $2))
}

script()
{
	cat >"$dir/$1"
	chmod +x "$dir/$1"
}

descriptors()
{
	ls "/proc/$pid/fd" | wc -l
}

@test "status tells what runs, what Consul has of it, and whether all is well" {
	start_consul
	register db db-1 5432
	cat >"$dir/t.ctmpl" <<<'{{ range service "db" }}{{ .Port }}{{ end }}'
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; interfaces = "static:127.0.0.1";
			   health = { exec = "cat $dir/state"; interval = "100ms"; failures = 1; }; },
			 { name = "once"; exec = "true"; } );
		watches = ( { name = "db"; } );
		templates = ( { name = "t"; source = "$dir/t.ctmpl"; destination = "$dir/t"; } );
		elections = ( { name = "e"; job = "app"; id = "me"; } );
	EOF
	expect_events "app unhealthy"
	run "$pilotfish" status
	[ "$status" = 1 ]
	[[ $output == *"not healthy: app is critical"* ]]
	run -1 --separate-stderr "$pilotfish" healthcheck
	[[ $stderr == *"app is critical: cat: "* ]]
	echo "all fine" >"$dir/state"
	LIMIT=20 await status_is '.elections[0].leads' true
	await "$pilotfish" healthcheck
	await status_is '.services[0].registered' true
	await status_is '.templates[0].rendered' true
	"$pilotfish" status --json >"$dir/status"
	jq -e '.version and .pid == '"$pid"' and .phase == "running" and .consul.state == "up" and .trouble == null
		and (.jobs[] | select(.name == "app") | .state == "running" and .health.status == "passing"
			and .health.output == "all fine\n" and .pid > 0 and .uptime > 0)
		and (.jobs[] | select(.name == "once") | .exitCode == 0)
		and .services[0].port == 80 and .services[0].address == "127.0.0.1" and .services[0].status == "passing"
		and .watches[0].entries == 1 and .watches[0].first == ["127.0.0.1:5432"] and .watches[0].age >= 0 and .templates[0].age >= 0
		and .elections[0].leader == "me"' "$dir/status"
	kill -0 "$(jq '.jobs[] | select(.name == "app").pid' "$dir/status")"
	run -0 "$pilotfish" status
	[[ $output == *"app "*running*passing*"all fine"* ]]
	[[ $output == *"db "*yes*"127.0.0.1:5432"*ELECTION*leader*me* ]]
}

@test "the manual names every member of the status document" {
	start_consul
	register db db-1 5432
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; health = { exec = "true"; interval = "100ms"; }; } );
		watches = ( { name = "db"; } );
		templates = ( { name = "t"; contents = "x"; destination = "$dir/t"; } );
		elections = ( { name = "e"; job = "app"; } );
	EOF
	await "$pilotfish" healthcheck
	"$pilotfish" status --json | jq -r '[paths | .[-1] | strings] | unique | .[]' >"$dir/members"
	[ "$(wc -l <"$dir/members")" -gt 40 ]
	mandoc -T ascii "$B/man/pilotfish-control.7" | sed 's/.\x08//g' >"$dir/manual"
	while read -r member; do
		grep -qw -- "$member" "$dir/manual" || fail "not in the manual: $member"
	done <"$dir/members"
}

@test "output of a check with control sequences harms no terminal and no JSON" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { exec = [ "sh", "-c", "printf '\\\\033[2J\\\\377<b>\"'; exit 1" ]; interval = "100ms"; }; } );
	EOF
	expect_events "app unhealthy"
	run "$pilotfish" status
	[[ $output == *'\x1b[2J'* && $output != *$'\e'* ]]
	"$pilotfish" status --json | jq -e '.jobs[0].health.output | endswith("<b>\"")'
	run -1 --separate-stderr "$pilotfish" healthcheck
	[[ $stderr == *'\x1b[2J'* && $stderr != *$'\e'* ]]
}

@test "a reload is answered with its outcome" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	echo 'jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "more"; exec = "sleep 1000"; } );' | write_config
	run -0 "$pilotfish" reload
	[ "$output" = reloaded ]
	status_is '.jobs | length' 2
	expect_log "reload, asked for by uid $UID, pid"
	echo 'jobs = ( { nam = "app"; } );' | write_config
	run -65 --separate-stderr "$pilotfish" reload
	[[ $stderr == *"jobs["*nam* ]]
	status_is '.reloads | "\(.done) \(.refused)"' "1 1"
	status_is '.reloads.problem | contains("nam")' true
	refute_events "app stopped" "more stopped"
}

@test "two hundred reloads, four at a time: each is answered, and nothing leaks" {
	local before clients=()

	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	before=$(descriptors)
	for ((n = 0; n < 50; n++)); do
		clients=()
		for ((m = 0; m < 4; m++)); do
			"$pilotfish" reload >/dev/null &
			clients+=($!)
		done
		for client in "${clients[@]}"; do
			wait "$client"
		done
	done
	status_is '.jobs[0].restarts' 0
	await_same "$before" descriptors
}

await_same()	# VALUE COMMAND
{
	is_same() { [ "$("$2")" = "$1" ]; }
	await is_same "$@"
}

@test "maintenance by the socket is the one that Consul sees" {
	start_consul
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "duty"; exec = "sleep 1000"; port = 80; interfaces = "static:127.0.0.1"; } );
	EOF
	await_passing duty 1
	run -0 "$pilotfish" maintenance on
	await_passing duty 0
	status_is '"\(.maintenance) \(.services[0].maintenance)"' "true true"
	run -0 "$pilotfish" maintenance on
	run -0 "$pilotfish" maintenance off
	await_passing duty 1
	run -64 "$pilotfish" maintenance perhaps
	[ "$(ask /v4/maintenance -d perhaps -o /dev/null -w '%{http_code}')" = 400 ]
}

@test "a signal reaches the job's process" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = [ "sh", "-c", "trap 'echo got it' USR1; echo ready; while :; do sleep 0.05; done" ]; },
			 { name = "late"; exec = "true"; when = { source = "app"; once = "stopped"; }; } );
	EOF
	expect_log ready
	run -0 "$pilotfish" signal USR1 app
	expect_log "got it"
	expect_log "SIGUSR1 to app, asked for by uid"
	run -64 "$pilotfish" signal NONSENSE app
	run -69 --separate-stderr "$pilotfish" signal USR1 ap
	[[ $stderr == *"no job ap; did you mean 'app'? The jobs are: app, late"* ]]
	run -69 --separate-stderr "$pilotfish" signal USR1 late
	[[ $stderr == *"late has no process: waiting"* ]]
}

@test "a restart ends the run in order and begins another, whatever restarts says" {
	script polite <<-'EOF'
		#!/bin/bash
		trap 'echo polite; exit 0' TERM
		while :; do sleep 0.05; done
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "$dir/polite"; }, { name = "keeper"; exec = "sleep 1000"; },
			 { name = "deaf"; exec = "sh -c 'trap \"\" TERM; echo deaf; sleep 1000'"; stopTimeout = "200ms"; },
			 { name = "sick"; exec = "sh -c 'echo sick; exit 3'"; restarts = "unlimited"; backoff = { min = "1h"; max = "1h"; }; },
			 { name = "late"; exec = "true"; when = { source = "keeper"; once = "exitSuccess"; }; },
			 { name = "done"; exec = "true"; } );
	EOF
	expect_events "app running" "sick exitFailed"
	expect_log '"source":"done","event":"stopped"'
	expect_log '"deaf","job":"deaf"'
	for job in app deaf; do
		before=$(status_of "$job" pid)
		run -0 "$pilotfish" restart "$job"
		[ "$output" = "restart of $job" ]
		await has_new_pid "$job" "$before"
		[[ $(status_of "$job" restarts) == 0 && $(status_of "$job" runs) == 2 ]]
	done
	expect_log '"msg":"polite","job":"app"'
	expect_log 'deaf does not end on SIGTERM: killed'
	expect_log 'restart of app, asked for by uid [0-9]+, pid [0-9]+'
	mark
	run -0 "$pilotfish" restart sick
	expect_events "sick running" "sick exitFailed"
	for job in late done; do
		run -69 --separate-stderr "$pilotfish" restart "$job"
		[[ $stderr == "pilotfish: $job has no run that could end: "* ]]
	done
	run -69 --separate-stderr "$pilotfish" restart ap
	[[ $stderr == *"there is no job ap; did you mean 'app'? The jobs are: app, "* ]]
	run -64 "$pilotfish" restart
	stop_pilotfish
	expect_code 137				# of deaf, which took SIGKILL
}

@test "a hundred streams get every event in order; one that does not read is told how many it missed" {
	local streams=()

	start_pilotfish <<-'EOF'
		jobs = ( { name = "tick"; exec = "true"; when = { interval = "20ms"; }; } );
	EOF
	expect_events "tick running"
	for ((n = 0; n < 100; n++)); do
		"$pilotfish" events >"$dir/events.$n" &
		streams+=($!)
	done
	has_lines() { [ "$(wc -l <"$dir/events.99")" -ge 50 ] && [ "$(wc -l <"$dir/events.0")" -ge 50 ]; }
	LIMIT=30 await has_lines
	kill "${streams[@]}"
	for ((n = 0; n < 100; n++)); do
		head -n -1 "$dir/events.$n" | jq -r .serial >"$dir/serials"
		[ -s "$dir/serials" ] || continue
		awk 'NR > 1 && $1 != before + 1 { exit 1 } { before = $1 }' "$dir/serials"
	done
	jq -se 'map(select(.source == "tick" and .event == "exitSuccess")) | length > 10' <(head -n 50 "$dir/events.0")
}

@test "the shutdown is told to the last event, and the socket is removed" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	"$pilotfish" events >"$dir/events" &
	is_streaming() { "$pilotfish" signal CONT app && true; }
	await test -S "$PILOTFISH_SOCKET"
	is_connected() { (($(descriptors) > ${before:-0})); }
	await is_streaming
	stop_pilotfish
	expect_code 0
	wait $!
	jq -se 'map("\(.source) \(.event)") | index("app stopped") and index("global shutdown")' "$dir/events"
	[ ! -e "$PILOTFISH_SOCKET" ]
	run -69 "$pilotfish" status
	run -69 "$pilotfish" healthcheck
	PILOTFISH_SOCKET=off run -69 "$pilotfish" status
	[[ $output == 'pilotfish: PILOTFISH_SOCKET is "off", so there is no control socket' ]]
}

@test "hostile clients cost nobody else anything" {
	local before

	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	before=$(descriptors)
	run -0 "$lib/helpers/hostile-clients" "$PILOTFISH_SOCKET"
	echo "# figure: with 1,000 hostile clients the longest wait for an answer was $output ms" >&3
	((output < 1000 * slow))
	await_same "$before" descriptors
	refute_events "app exitFailed" "global enterMaintenance"
}

@test "a socket that was left is replaced, one in use and a file are not" {
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$PILOTFISH_SOCKET"
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	"$pilotfish" healthcheck
	[ "$(stat -c %a "$PILOTFISH_SOCKET")" = 600 ]
	start_pilotfish -n second <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	wait_exit -n second
	expect_code 73
	expect_log -n second "control.socket: $PILOTFISH_SOCKET is in use"
	"$pilotfish" healthcheck
	echo precious >"$dir/file"
	PILOTFISH_SOCKET=$dir/file start_pilotfish -n third <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	wait_exit -n third
	expect_code 73
	[ "$(<"$dir/file")" = precious ]
}

@test "a path that is too long, and one without a folder, are refused before anything starts" {
	unset PILOTFISH_SOCKET
	for socket in "$dir/$(printf 'a%.0s' {1..120})" /nowhere/at/all relative; do
		start_pilotfish -n bad <<-EOF
			control = { socket = "$socket"; };
			jobs = ( { name = "app"; exec = "sleep 1000"; } );
		EOF
		wait_exit -n bad
		expect_code 73 78
		refute_events -n bad "app running"
	done
}

@test "a reload moves the socket, changes its mode, and keeps the old one if the new one cannot be made" {
	unset PILOTFISH_SOCKET
	start_pilotfish <<-EOF
		control = { socket = "$dir/a.sock"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	write_config <<-EOF
		control = { socket = "$dir/a.sock"; mode = "0660"; group = 1; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	"$pilotfish" reload --socket "$dir/a.sock"
	[ "$(stat -c '%a %g' "$dir/a.sock")" = "660 1" ]
	write_config <<-EOF
		control = { socket = "/nowhere/at/all"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	run -65 --separate-stderr "$pilotfish" reload --socket "$dir/a.sock"
	[[ $stderr == *"control.socket"* ]]
	"$pilotfish" healthcheck --socket "$dir/a.sock"
	write_config <<-EOF
		control = { socket = "$dir/b.sock"; };
		logging = { output = "/nowhere/at/all"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	run -65 --separate-stderr "$pilotfish" reload --socket "$dir/a.sock"
	[[ $stderr == *"cannot log to"* && ! -e $dir/b.sock ]]
	"$pilotfish" healthcheck --socket "$dir/a.sock"
	write_config <<-EOF
		control = { socket = "$dir/b.sock"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	signal_pilotfish HUP
	await "$pilotfish" healthcheck --socket "$dir/b.sock"
	[ ! -e "$dir/a.sock" ]
	refute_events "app stopped"
}
