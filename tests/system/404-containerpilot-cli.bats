# In the place of ContainerPilot: its command line, its variable, and /v3 of the control socket.

load jobs

setup()
{
	unset PILOTFISH_SOCKET CONTAINERPILOT
	ln -s "$(realpath "$pilotfish")" "$dir/containerpilot"
	own=$pilotfish pilotfish=$dir/containerpilot file=$dir/c.json
}

# [MEMBERS]: a file that means the same to both programs.
config()
{
	cat >"$file" <<-EOF
		{ consul: "127.0.0.1:1", control: { socket: "$dir/s" }, logging: { level: "DEBUG", format: "json" },
		  ${1-} jobs: [ { name: "app", exec: "sleep 1000" },
		    { name: "late", exec: ["sh", "-c", "echo \"\${V1-unset} \${V2-unset}\""],
		      when: { source: "global", each: "exitMaintenance" } } ] }
	EOF
}

start_it()		# [ARG...]
{
	start_pilotfish -l "$@"
	expect_events "app running"
}

ask()			# PATH [CURL OPTION...]: the body, which ends in a newline, and the status
{
	curl -sS --max-time 5 --unix-socket "$dir/s" -w '%{http_code}' "http://x$1" "${@:2}"
}

# PATH STATUS [CURL OPTION...]
answers()
{
	local got

	got=$(ask "$1" "${@:3}")
	[[ $got == $'\n'"$2" || ( $2 != 200 && $got == ?*$'\n'"$2" ) ]] || fail "$*: $got"
}

call()			# CODE ARG...: as the program, without output unless $said is set
{
	run -"$1" "$pilotfish" -config "$file" "${@:2}"
	[[ $output == "${said-}" ]] || fail "$output"
}

@test "called by its name: a stray argument, and each option against a running one" {
	config
	start_it -config "$file" stray argument
	expect_log '^\{.*"msg":"loaded config: \{.*late'
	expect_log '"control: serving at '"$dir"'/s"'
	said=ok call 0 -ping
	call 0 -putenv V1=a=b -putenv V2=
	call 0 -maintenance enable
	expect_events "global enterMaintenance"
	call 0 --maintenance=off
	expect_events "global exitMaintenance" "late exitSuccess"
	[[ $(said late) == 'a=b ' ]]
	call 0 -putmetric nothing=1
	expect_log 'metric: .*there is no nothing'
	call 0 -ping=false -reload
	expect_log '"control: reloaded app via control plane"'
	[[ $(count_log '"control: serving at ') == 2 ]]
	said=$("$own" version | sed -E 's/pilotfish ([^ ]*) ?\(?([^)]*)\)?$/Version: \1\nGitHash: \2/')
	call 0 -ping -template -version
	stop_pilotfish
	expect_code 0
}

@test "a refused reload is a failure with its reason, and the old configuration stays" {
	config
	start_it -config "$file"
	sed -i 's/sleep 1000" }/&, }/; s/"app"/""/' "$file"
	run -1 --separate-stderr "$pilotfish" -config "$file" -reload
	[[ $stderr == *"control socket"*"c.json:"*"pilotfish: -reload: "*"no pilotfish answers"* ]] || fail "$stderr"
	export PILOTFISH_SOCKET=$dir/s
	run -1 --separate-stderr "$pilotfish" -config "$file" -reload
	[[ $stderr == *"pilotfish: -reload: $file:"* && -z $output ]] || fail "$stderr"
	answers /v3/reload 200 -X POST
	expect_log 'not reloaded, the old configuration stays: '
	refute_log 'reloaded app via'
	answers /v3/ping 200
}

@test "/v3 of the control socket, row by row" {
	config 'telemetry: { port: 1024, interfaces: [ "lo" ], metrics: [
		{ name: "foo", help: "h", type: "gauge" }, { name: "ns_n_total", help: "h", type: "counter" } ] },'
	free_port
	sed -i "s/1024/$port/" "$file"
	start_it -config "$file"
	answers /v3/ping 200
	answers /v3/ping 200 -X DELETE
	for path in environ env; do
		answers /v3/$path 200 -d '{"V1": "x"}'
		answers /v3/$path 200 -d '{"V1": "x", "V1": null, "V2": ""}'
		answers /v3/$path 200 -d '{}'
		for body in '' '[]' '"x"' '{"V1"' '{"V1": 1}' '{"V1": "y", "V2": true}' '{"": "x"}' '{"V1": "y"} x'; do
			answers /v3/$path 422 -d "$body"
		done
	done
	answers /v3/environ 405
	answers /v3/metric 200 -d '{"foo": 3, "__foo": "4.5", "foo2": 1, "ns__n_total": 2}'
	answers /v3/metric 200 -d '{"ns_n_total": -1, "foo": "five", "__foo": {}}'
	answers /v3/metric 200 -d '{}'
	answers /v3/metric 422 -d '[1]'
	answers /v3/metric 422 -d '{"foo"'
	answers /v3/metric 405 -X PUT
	expect_log 'metric: ns_n_total is a counter, and -1 is negative'
	expect_log 'metric: foo: .*five'
	curl -sS "http://127.0.0.1:$port/metrics" >"$dir/metrics"
	has_line "$dir/metrics" 'foo 4.5'
	has_line "$dir/metrics" 'ns_n_total 2'
	answers /v3/maintenance/enable 200 -d 'ignored'
	expect_events "global enterMaintenance"
	answers /v3/maintenance/disable 200 -X POST
	expect_events "global exitMaintenance" "late exitSuccess"
	[[ $(said late) == 'unset ' ]]
	answers /v3/maintenance/disable 405
	answers /v3/maintenance 404 -X POST
	answers /v3/reload 405
	answers /v3/reload 200 -X POST
	expect_log '"control: reloaded app via control plane"'
	answers /v3/ 404
	answers /v3/status 404
}

@test "telemetry: /status and three metrics in ContainerPilot's form" {
	start_consul
	register db db1 5432
	free_port
	config "telemetry: { port: $port, interfaces: [ 'lo' ] }, watches: [ { name: \"db\", interval: 1 } ],"
	local web='{ name: "web", exec: "sleep 1000", port: 8000, interfaces: ["static:127.0.0.1"],'
	sed -i "s|127.0.0.1:1\"|${consul_address#*://}\"|; s/jobs: \[/&$web health: { exec: \"true\", interval: 1, ttl: 5 } }, /" "$file"
	start_it -config "$file"
	expect_events "watch.db healthy"
	await_passing web 1
	answers /v3/ping 200
	curl -sS "http://127.0.0.1:$port/status" >"$dir/status"
	jq -e '(.Version | test("^[0-9.]+$")) and .Watches == ["db"] and .Jobs == [{Name: "app", Status: "unknown"},
		{Name: "late", Status: "unknown"}] and (.Services | map(select(.Name == "web"))) ==
		[{Name: "web", Address: "127.0.0.1", Port: 8000, Status: "healthy"}]' "$dir/status" || fail "$(<"$dir/status")"
	curl -sS "http://127.0.0.1:$port/metrics" >"$dir/metrics"
	has_line "$dir/metrics" 'containerpilot_events{code="StatusHealthy",source="web"} 1'
	has_line "$dir/metrics" 'containerpilot_events{code="Startup",source="global"} 1'
	has_line "$dir/metrics" 'containerpilot_control_http_requests{code="200",path="/v3/ping"} 1'
	has_line "$dir/metrics" 'containerpilot_watch_instances{service="db"} 1'
	curl -sS -H 'Accept: application/openmetrics-text' "http://127.0.0.1:$port/metrics" >"$dir/metrics"
	has_line "$dir/metrics" '# TYPE containerpilot_events unknown'
}

@test "a job's timeout has the words that ContainerPilot logs" {
	config
	sed -i 's/sleep 1000"/&, timeout: "200ms"/' "$file"
	start_it -config "$file"
	expect_log "\"app timeout after 200ms: 'sleep'"
}

@test "the configuration is in CONTAINERPILOT: a path, file://, or its text" {
	config
	pilotfish=$own
	for value in "$file" "file://$file" $'\n '"$(<"$file")"; do
		export CONTAINERPILOT=$value
		start_it stray
		run -0 "$pilotfish" -ping
		[[ $output == ok ]]
		run -0 "$pilotfish" status --socket "$dir/s" app
		[[ $value == *$'\n'* ]] || "$pilotfish" check
		stop_pilotfish
	done
	CONTAINERPILOT=/nope run -3 "$pilotfish" -- sh -c 'exit 3'
	CONTAINERPILOT=/nope PILOTFISH_CONFIG=/none run -66 "$pilotfish"
	CONTAINERPILOT=/nope run -1 "$pilotfish" stray
	[[ $output == *"/nope: No such file"* ]] || fail "$output"
	CONTAINERPILOT='{ jobs: [ { name: "x", exec: "tr' run -1 "$pilotfish"
	[[ $output == *" CONTAINERPILOT:1:"* ]] || fail "$output"
	run -1 "$pilotfish" -config ' { jobs: ['
	[[ $output == *" -config:1:"* ]] || fail "$output"
}

@test "-template prints the rendered text, or writes it" {
	echo '{ jobs: [ "{{ .V1 }}" }' >"$file"
	export V1=one
	said='{ jobs: [ "one" }'
	call 0 -template
	call 0 -template -out -
	call 0 -ping -template -out=
	said=
	call 0 -template -out "$dir/out"
	call 0 -out="file://$dir/out2" -template=1
	cmp "$dir/out" "$dir/out2"
	[[ $(<"$dir/out") == '{ jobs: [ "one" }' && $(stat -c %a "$dir/out") == 644 ]]
	said="pilotfish: -out: cannot write $dir/none/out: No such file or directory"
	call 1 -template -out "$dir/none/out"
	echo '{{ if' >"$file"
	run -1 "$pilotfish" -template -config "$file"
	[[ $output == "pilotfish: "*"c.json:2:1"* ]] || fail "$output"
}

@test "wrong usage is 2, a failure 1, and a broken file does not hinder a client" {
	local use=$'usage: containerpilot [OPTION]... [COMMAND [ARGUMENT]...]\n'

	config
	for wrong in -nope -putenv '-putenv V1' '-putmetric x' -maintenance -ping=maybe; do
		run -2 "$pilotfish" -config "$file" $wrong
		[[ $output == "pilotfish: ${wrong%% *}"*$'\n'"$use"* || $output == "pilotfish: -ping: "*$'\n'"$use"* ]] || fail "$output"
	done
	run -2 "$pilotfish" -help
	[[ $output == "$use"* ]]
	run -1 "$pilotfish"
	[[ $output == *"-config PATH"*"CONTAINERPILOT"* ]]
	said="pilotfish: -ping: no pilotfish answers at $dir/s"
	call 1 -ping
	echo '{' >"$file"
	export PILOTFISH_SOCKET=$dir/s
	run -1 "$pilotfish" -config "$file" -ping
	[[ $output == "pilotfish: the control socket $dir/s is asked: $file"*$'\n'"$said" ]] || fail "$output"
}
