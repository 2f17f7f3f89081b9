# A file of ContainerPilot and what `pilotfish import` makes of it: the same events, and the same in Consul.
# plain

load lib

setup_file() { start_consul; }
teardown_file() { lib_teardown; }

setup()
{
	ln -s "$(realpath "$pilotfish")" "$dir/containerpilot"
	export CONTAINERPILOT_SOCKET=$dir/s
}

# The events of each source, in the order of their first time.  Consul may be slower than the stop.
streams()		# NAME
{
	list_events -n "$1" | awk '$2 !~ /^(consul|watch)/ && !seen[$2 " " $3]++ { print $2, $3 }' | sort -s -k1,1
}

# The service in Consul, without counters and times.
registration()		# SERVICE
{
	consul_get "/v1/health/service/$1" | jq -S '[.[] | .Service |= del(.CreateIndex, .ModifyIndex, .Meta.pilotfish_started)
		| { Service, Checks: [.Checks[] | select(.ServiceID != "") | { CheckID, Name, Status, Definition }] }]'
}

run_it()		# NAME SERVICE ARG...: until the service passes and "late" has ended; then a stop
{
	local name=$1 service=$2

	start_pilotfish -n "$name" "${@:3}"
	await_passing "$service" 1
	expect_events "late exitSuccess"
	registration "$service" >"$dir/$name.registration"
	stop_pilotfish
	await_gone "$service"
	streams "$name" >"$dir/$name.events"
}

same()		# SERVICE FILE COMMAND...
{
	local own=$pilotfish

	pilotfish=$dir/containerpilot run_it theirs "$1" -config "$2" "${@:3}"
	"$own" import "${2#file://}" ${3+--} "${@:3}" >"$dir/imported.conf"
	"$own" check -c "$dir/imported.conf"
	run_it ours "$1" -c "$dir/imported.conf"
	diff "$dir/theirs.events" "$dir/ours.events"
	diff "$dir/theirs.registration" "$dir/ours.registration"
	jq -e 'length == 1' "$dir/ours.registration"
	grep -q "late exitSuccess" "$dir/ours.events"
}

@test "version 3: jobs, a check, a watch, a job before the stop" {
	export AGENT=$consul_address GREETING=hello
	cat >"$dir/c.json5" <<-'EOF'
		{ consul: '{{ .AGENT }}', control: {socket: '{{ .CONTAINERPILOT_SOCKET }}'},
		  logging: { level: 'DEBUG', format: 'json' },	// as the test reads it
		  jobs: [
		    { name: 'prepare', exec: "echo {{ .GREETING }}" },
		    { name: 'shop', exec: ['sleep', 1000], when: { source: 'prepare', once: 'exitSuccess' }, port: 8080,
		      interfaces: ['lo'], tags: ['{{ .GREETING | len }}', 'b',],
		      health: { exec: 'true', interval: 1, ttl: 5 } },
		    { name: 'late', exec: 'true', when: { source: 'watch.shop', once: 'changed' } },
		    { name: 'before', exec: 'true', when: { source: 'shop', once: 'stopping' } },
		  ],
		  watches: [ { name: 'shop', interval: 1 } ] }
	EOF
	same shop "$dir/c.json5"
	grep -q '# as the test reads it' "$dir/imported.conf"
	grep -q 'AGENT' "$dir/imported.conf"
	grep -q '^before exitSuccess' "$dir/ours.events"
}

@test "version 2: the command, hooks, a service, a backend and a task" {
	cat >"$dir/c.json" <<-EOF
		{ "consul": "$consul_address", "preStart": "true", "postStop": "true",
		  "logging": { "level": "DEBUG", "format": "json" },
		  "services": [ { "name": "web", "port": 80, "health": "true", "poll": 1, "ttl": 5, "interfaces": ["lo"] } ],
		  "backends": [ { "name": "web", "poll": 1, "onChange": "true" } ],
		  "tasks": [ { "name": "late", "command": "true", "frequency": "300ms" } ] }
	EOF
	same web "file://$dir/c.json" sh -c 'exec sleep 1000'
	grep -q '^app.postStop exitSuccess' "$dir/ours.events"
}
