# The functions of lib.bash can fail, and clean up after themselves.

load lib

# A program with a log like pilotfish's.
standin()
{
	pilotfish=$dir/standin
	cat >"$pilotfish" <<-'EOF'
		#!/bin/bash
		event() { printf '{"time":"t","level":"debug","msg":"event","source":"%s","event":"%s"}\n' $1 $2; }
		trap 'event app stopped; exit 3' TERM
		event app running
		echo '{"level":"info","msg":"hello"}'
		event app healthy
		[[ $1 != -c ]] || cat "$2"
		while :; do read -rt 1 <> <(:); done
	EOF
	chmod +x "$pilotfish"
}

@test "events are found in order, and a missing event is reported" {
	standin
	start_pilotfish <<-'EOF'
		the configuration
	EOF
	expect_events "app running" "app healthy"
	expect_log "the configuration"
	LIMIT=0 run ! expect_events "app running"
	[[ $output == *"no 'app running' within"* ]]
	run ! refute_events "app stopped" "app healthy"
	refute_events "app stopped"
	run ! refute_log hello
	[[ $(count_events "app running") == 1 ]]

	mark
	refute_events "app healthy"
	refute_log hello
	stop_pilotfish
	expect_code 3
	expect_events "app stopped"
	run ! expect_code 0
}

@test "waiting ends with the program" {
	standin
	start_pilotfish -l x
	signal_pilotfish KILL
	LIMIT=100 run ! expect_events "app unheard"
	[[ $output == *"it has ended, with code 137"* ]]
}

@test "a program that cannot be started is an error" {
	run -1 start_program lost /no/such/file
	[[ $output == *"/no/such/file: No such file"* ]]
}

@test "a program starts with default signals, and with -1 alone in its namespace" {
	pilotfish=$(command -v sh)
	start_pilotfish -1 -c 'echo "I am $$"; ps ax | wc -l; grep -E "Sig(Blk|Ign)" /proc/self/status; exit 5'
	wait_exit
	expect_code 5
	expect_log '^I am 1$'
	expect_log '^SigBlk:.0000000000000000$'
	expect_log '^SigIgn:.0000000000000000$'
}

@test "stop_program kills the program's descendants" {
	start_program parent sh -c 'setsid sh -c "echo \$\$ >'"$dir"'/orphan; exec sleep 1000" &
		while [ ! -s '"$dir"'/orphan ]; do sleep 0.01; done'
	await has_ended parent
	orphan=$(<"$dir/orphan")
	kill -0 "$orphan"
	stop_program parent
	run ! kill -0 "$orphan"
}

@test "an agent starts, loses its data in a restart, and answers again after a pause" {
	start_consul
	register web web-1 8080
	register web web-2 8081 critical
	await_passing web 1
	await_checks web critical 1
	LIMIT=0 run ! await_passing web 2
	deregister web-2
	await_checks web critical 0

	pause_consul
	LIMIT=1 run ! await_passing web 1
	resume_consul
	await_passing web 1

	restart_consul
	await_gone web
}

@test "an agent with --data keeps its data, unless restarted with --lose-data" {
	start_consul --data
	register web web-1 8080
	stop_consul
	consul_run
	await_checks web critical 1	# no client has passed the check at the new agent
	restart_consul --lose-data
	await_gone web
}

@test "an agent with TLS and ACLs requires a certificate and a token" {
	start_consul --tls --acl
	register web web-1 8080
	token=$(consul_token_for 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }')
	consul_token=$token await_passing web 1
	consul_token=''
	run -22 register web web-2 8081
	run ! curl -sS "$consul_address/v1/status/leader"
}

@test "the fake agent misbehaves, and recovers" {
	start_fake_consul
	consul_address=$fake_address
	register web web-1 8080
	await_passing web 1
	fake mode '{"mode": "500", "path": "/v1/agent"}'
	run -22 register web web-2 8081
	fake mode '{"mode": "ok"}'
	register web web-2 8081
	await_passing web 2
}
