# `pilotfish once`: a command that runs once in a cluster, under a lock of a real Consul.
# plain

load lib

setup_file() { start_consul; }
teardown_file() { lib_teardown; }

once()			# [--timeout TIME] NAME COMMAND...
{
	"$pilotfish" once --consul-addr "$consul_address" "$@"
}

flag()			# NAME: who has set it
{
	consul_get "/v1/kv/pilotfish/once/$1/done?raw" | jq -r .by
}

lock_is_free()		# NAME
{
	consul_get "/v1/kv/pilotfish/once/$1" | jq -e '.[0].Session == null'
}

is_gone()		# PID
{
	! kill -0 "$1" 2>/dev/null
}

@test "of twenty at once one runs the command, and all succeed after it has" {
	for n in {1..20}; do
		once schema -- sh -c "echo $n >>$dir/runs; sleep 0.3; echo end >>$dir/runs" 2>"$dir/$n.err" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	[[ $(wc -l <"$dir/runs") == 2 && $(tail -n 1 "$dir/runs") == end ]]
	[[ $(cat "$dir"/*.err | grep -c "schema is done already, by $(hostname)") == 19 ]]
	[ "$(flag schema)" = "$(hostname)" ]
	[ "$(consul_get /v1/session/list | jq length)" = 0 ]
	run -0 once schema -- false
}

@test "a failure has the command's exit code, sets no flag, and leaves the lock to the next" {
	run -7 once again -- sh -c 'exit 7'
	lock_is_free again
	run -0 once again -- sh -c 'echo "$PILOTFISH_JOB runs"'
	[[ $output == "again runs" ]]
	run -127 once missing -- /nonexistent
	run -0 once missing -- true
}

@test "a command whose host has died does not keep the lock; one that hangs keeps it for its time" {
	start_program holder "$pilotfish" once --consul-addr "$consul_address" slow -- sh -c "echo >$dir/up; exec sleep 1000"
	await [ -e "$dir/up" ]
	run -75 once --timeout 300ms slow -- true
	[[ $output == *"slow: not begun in time: another host has the lock"* ]]
	workload=$(pgrep -P "$(pid_of holder)")
	session=$(consul_get /v1/kv/pilotfish/once/slow | jq -r '.[0].Session')
	kill -KILL "$(pid_of holder)"
	await is_gone "$workload"
	consul_put "/v1/session/destroy/$session"		# as its TTL does, 15 to 30 s later
	run -0 once --timeout 20s slow -- true
}

@test "the command is killed when Consul has ended its session" {
	start_program loser "$pilotfish" once --consul-addr "$consul_address" lost -- sh -c "echo >$dir/up; exec sleep 1000"
	await [ -e "$dir/up" ]
	consul_put "/v1/session/destroy/$(consul_get /v1/kv/pilotfish/once/lost | jq -r '.[0].Session')"
	LIMIT=15 await has_ended loser
	[[ $(<"$dir/loser.code") == 75 ]]
	grep -q 'lost: the lock is lost: Consul has ended its session' "$dir/loser.log"
	[ -z "$(consul_get /v1/kv/pilotfish/once/lost/done 2>/dev/null)" ]
}

@test "SIGTERM goes to the command; bad input has a message" {
	start_program stopped "$pilotfish" once --consul-addr "$consul_address" stop -- \
		sh -c "trap 'exit 3' TERM; echo >$dir/up; while :; do sleep 0.05; done"
	await [ -e "$dir/up" ]
	kill -TERM "$(pid_of stopped)"
	await has_ended stopped
	[[ $(<"$dir/stopped.code") == 3 ]]
	lock_is_free stop
	run -64 once 'a/b' true
	[[ $output == *"found \"a/b\""* ]]
	run -64 once alone
	run -75 "$pilotfish" once --consul-addr 127.0.0.1:1 --timeout 200ms x true
	[[ $output == *"x: not begun in time: "*refused* ]]
}

@test "lock: one at a time, each runs, and a failure is the command's" {
	for n in {1..5}; do
		"$pilotfish" lock --consul-addr "$consul_address" members -- \
			sh -c "mkdir $dir/alone && sleep 0.1 && rmdir $dir/alone && echo $n >>$dir/order" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	[[ $(sort "$dir/order" | tr '\n' ' ') == "1 2 3 4 5 " ]]
	run -5 "$pilotfish" lock --consul-addr "$consul_address" members -- sh -c 'exit 5'
	run -0 "$pilotfish" lock --consul-addr "$consul_address" --timeout 5s members -- true
	[ "$(consul_get '/v1/kv/pilotfish/lock/?keys' | jq -c .)" = '["pilotfish/lock/members"]' ]
}
