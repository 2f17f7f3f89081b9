# Faults of ContainerPilot that pilotfish does not have, with files that both read.
# plain

# 406 has: `stopped` after the real end of the process, a broken file at -reload, maintenance of the telemetry service.
# test_compat.c: keys that ContainerPilot does not check, and Consul's certificate, which is verified here.
# 360: TLS.  180, 105: long, partial and binary lines, and what holds a pipe.  112: stale pids.  404: metrics that are negative or
# have a bare name, variables.  340 to 345: every other trouble with Consul.

load containerpilot

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
}

quick()			# MILLISECONDS COMMAND...: the command takes less
{
	local began

	began=$(now)
	"${@:2}"
	(($(now) - began < $1 * slow)) || fail "${*:2}: $(($(now) - began)) ms"
}

@test "the end comes without jobs, with a source that never stops, with each stopping; and at once" {
	version3 "jobs: []"
	start_it
	wait_exit
	expect_code 0
	version3 "jobs: [ { name: 'app', exec: ['sh', '-c', 'exit 7'] },
		{ name: 'pre', exec: 'true', when: { source: 'app', each: 'stopping' } } ]"
	start_it
	quick 1000 wait_exit
	expect_code 7
	version3 "jobs: [ { name: 'app', exec: 'sleep 1000' }, { name: 'post', exec: 'true', when: { source: 'typo', once: 'stopped' } },
		{ name: 'pre', exec: 'true', when: { source: 'app', each: 'stopping' } },
		{ name: 'down', exec: 'true', when: { source: 'global', once: 'shutdown' } } ]"
	start_it
	expect_events "app running"
	quick 1000 stop_pilotfish
	expect_code 0
	expect_events "app stopping" "pre exitSuccess"
	[[ $(count_events "down exitSuccess") == 1 ]]
	refute_events "post running"
}

@test "a job's stopTimeout ends the wait for its preStop, and preStop; SIGKILL follows the top level's stopTimeout" {
	script deaf <<-'EOF'
		trap '' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	version3 "stopTimeout: 1, jobs: [ { name: 'app', exec: ['$dir/deaf', 'one'], stopTimeout: '300ms' },
		{ name: 'preStop', exec: 'sleep 1000', when: { source: 'app', once: 'stopping' } } ]"
	start_it
	expect_log ready
	old=$(job_pid app)
	mark
	sed -i "s/'one'/'two'/" "$file"
	tell -reload
	expect_events "preStop exitFailed" "app stopped" "app running"
	gone "$old"
	expect_log ready
	stop_pilotfish
	((took >= 1290 && took < 2500 * slow)) || fail "took $took ms"
}

@test "the supervisor lives while a handler may run, and ends with the last once job" {
	local jobs="{ name: 'main', exec: 'true' },
		{ name: 'second', exec: ['sh', '-c', 'until [ -e $dir/go ]; do sleep 0.02; done'], when: { source: 'main', once: 'exitSuccess' } },
		{ name: 'last', exec: 'true', when: { source: 'second', once: 'exitSuccess' } }"

	version3 "jobs: [ $jobs, { name: 'hup', exec: 'true', when: { source: 'SIGHUP' } } ]"
	start_it
	touch "$dir/go"
	expect_events "last stopped"
	signal_pilotfish HUP
	expect_events "hup exitSuccess"
	signal_pilotfish HUP
	expect_events "hup exitSuccess"
	stop_pilotfish
	rm "$dir/go"
	version3 "jobs: [ $jobs ]"
	start_it
	expect_events "second running"
	touch "$dir/go"
	wait_exit
	expect_code 0
	expect_events "last stopped"
}

@test "counting: restarts, once, each event in its turn, the end of a wait, gates, and a slow handler that hinders nothing" {
	version3 "jobs: [
		{ name: 'tick', exec: 'true', when: { interval: '100ms' }, restarts: 4 },
		{ name: 'once', exec: 'true', when: { source: 'tick', once: 'exitSuccess' } },
		{ name: 'slow', exec: 'sleep 0.3', when: { source: 'tick', each: 'exitSuccess' } },
		{ name: 'tock', exec: 'true', when: { interval: '600ms' }, restarts: 2 },
		{ name: 'budget', exec: 'true', restarts: 2, when: { source: 'tock', each: 'exitSuccess' } },
		{ name: 'lost', exec: 'true', when: { source: 'nope', once: 'healthy', timeout: '200ms' } },
		{ name: 'expired', exec: 'true', when: { source: 'lost', once: 'timerExpired' } },
		{ name: 'gate', health: { exec: 'test -e $dir/open', interval: 1, ttl: 5 } },
		{ name: 'behind', exec: 'true', when: { source: 'gate', once: 'healthy' } },
		{ name: 'stuck', exec: 'sleep 1000', when: { source: 'gate', each: 'unhealthy' } } ]"
	start_it
	expect_events "gate unhealthy" "stuck running" "gate unhealthy"
	refute_events "behind running"
	touch "$dir/open"
	expect_events "gate healthy" "behind exitSuccess"
	tell -ping
	[[ $(count_events "tick exitSuccess") == 5 && $(count_events "once exitSuccess") == 1 ]]
	[[ $(count_events "tock running") == 3 && $(count_events "budget exitSuccess") == 5 ]] || fail "budget: $(count_events "budget exitSuccess")"
	[[ $(count_events "lost timerExpired") == 1 && $(count_events "expired exitSuccess") == 1 ]]
	await ran_five_times
	stop_pilotfish
	expect_code 0
	[[ $(count_events "slow exitSuccess") == 5 && $(count_events "stuck running") == 1 ]]
}

ran_five_times()
{
	[[ $(count_events "slow exitSuccess") == 5 ]]
}

@test "a failing check leaves the passing list at once; maintenance twice; Consul loses its state" {
	touch "$dir/ok"
	version3 "jobs: [ { name: 'flaky', exec: 'sleep 1000', port: 80, interfaces: ['static:192.0.2.5'],
		health: { exec: 'test -e $dir/ok', interval: 1, ttl: 60 } } ]"
	start_it
	await_passing flaky 1
	rm "$dir/ok"
	quick 2500 await_passing flaky 0
	await_consul 1 /v1/catalog/service/flaky
	touch "$dir/ok"
	await_passing flaky 1
	for _ in 1 2; do
		ask /v3/maintenance/enable
		await_passing flaky 0
	done
	for _ in 1 2; do
		ask /v3/maintenance/disable
		await_passing flaky 1
	done
	[[ $(count_events "global enterMaintenance") == "$(count_events "global exitMaintenance")" ]]
	refute_events "flaky exitFailed"
	restart_consul
	await_passing flaky 1
}

put_db()		# N TAG
{
	consul_put /v1/agent/service/register "{\"Name\": \"db\", \"ID\": \"db$1\", \"Port\": $1, \"Tags\": [\"$2\"],
		\"Check\": {\"TTL\": \"1h\", \"Status\": \"passing\"}}"
}

flap()			# STATUS
{
	consul_put /v1/agent/check/update/service:db1 "{\"Status\": \"$1\"}"
	nap 0.1
}

@test "ten flaps of 100 ms are twenty runs; two watches of one service do not disturb each other; an empty one is unhealthy" {
	put_db 1 one
	put_db 2 two
	version3 "jobs: [ { name: 'onOne', exec: 'sleep 0.01', when: { source: 'watch.db', each: 'changed' } },
			{ name: 'onEmpty', exec: 'true', when: { source: 'watch.none', once: 'unhealthy' } } ],
		watches: [ { name: 'db', interval: 1, tag: 'one' }, { name: 'db', interval: 1, tag: 'two' }, { name: 'none', interval: 1 } ]"
	start_it
	expect_events "onOne exitSuccess"
	for _ in {1..10}; do
		flap critical
		flap passing
	done
	await ran_for_all_flaps
	[[ $(count_events "watch.db changed") == 21 && $(count_events "watch.db-2 changed") == 1 ]]
	[[ $(count_events "onEmpty exitSuccess") == 1 ]]
	deregister db1
	deregister db2
}

ran_for_all_flaps()
{
	[[ $(count_events "onOne exitSuccess") == 21 ]]
}

@test "Consul hangs: the workload starts, the client is answered, and the end comes within the stop time" {
	start_consul -n hung
	pause_consul
	version3 "stopTimeout: 1, jobs: [ { name: 'app', exec: 'sleep 1000', port: 80, interfaces: ['static:192.0.2.6'],
		initial_status: 'warning', health: { exec: 'true', interval: 1, ttl: 5 } } ], watches: [ { name: 'db', interval: 1 } ]"
	start_it
	expect_events "app running" "app healthy"
	tell -ping
	resume_consul
	await_passing app 1
	pause_consul
	quick 4500 stop_pilotfish
	resume_consul
}

@test "deregistered before the stop signal; a daemon of the workload gets SIGTERM, too, as PID 1" {
	needs_root
	unshare --pid --fork true 2>/dev/null || skip "no PID namespaces here"
	script workload <<-EOF
		trap 'curl -sS $consul_address/v1/catalog/service/orderly | jq length >$dir/left; exit 0' TERM
		setsid $dir/daemon &
		while :; do read -rt 1 <> <(:); done
	EOF
	script daemon <<-EOF
		trap 'echo >$dir/signalled; exit 0' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	version3 "jobs: [ { name: 'orderly', exec: '$dir/workload', port: 80, interfaces: ['static:192.0.2.7'],
		health: { exec: 'true', interval: 1, ttl: 5 } } ]"
	start_it -1
	await_passing orderly 1
	expect_log ready
	stop_pilotfish
	[[ $(<"$dir/left") == 0 && -e $dir/signalled ]]
}

@test "a regular file in the place of the socket stays" {
	echo precious >"$dir/s"
	version3 "jobs: [ { name: 'app', exec: 'sleep 1000' } ]"
	run timeout 5 "$pilotfish" -config "$file"
	[[ $status -ne 0 && $status -ne 124 && $output == *"$dir/s"* && $(<"$dir/s") == precious ]] || fail "$status: $output"
}
