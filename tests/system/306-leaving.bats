# A service leaves the catalogue before its process is stopped, if Consul answers.

load lib
load measure

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
}

@test "out of the catalogue before SIGTERM reaches the process, by as much as drain says" {
	cat >"$dir/app" <<-EOF
		#!/bin/bash
		trap 'echo "\${EPOCHREALTIME/[.,]/}" >$dir/signalled; exit 0' TERM
		: >$dir/ready
		while :; do read -rt 1 <> <(:); done
	EOF
	chmod +x "$dir/app"
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "drain"; exec = "$dir/app"; port = 80; drain = "700ms";
			   preStop = "touch $dir/prestop"; } );
	EOF
	await_passing drain 1
	await [ -e "$dir/ready" ]
	signal_pilotfish TERM
	began=$(now)
	await_gone drain
	gone=$(now)
	[[ ! -e $dir/signalled && ! -e $dir/prestop ]]
	wait_exit
	expect_code 0
	signalled=$(($(<"$dir/signalled") / 1000))
	at_most 400 $((gone - began))
	at_least 300 $((signalled - gone))
	at_least 690 $((signalled - began))
	at_most 1500 $((signalled - began))
	expect_events "drain draining" "drain stopping" "drain.preStop exitSuccess" "drain exitSuccess" "drain stopped"
}

@test "without drain, too, the signal waits for Consul's answer" {
	cat >"$dir/app" <<-EOF
		#!/bin/bash
		trap 'echo "\${EPOCHREALTIME/[.,]/}" >$dir/signalled; exit 0' TERM
		: >$dir/ready
		while :; do read -rt 1 <> <(:); done
	EOF
	chmod +x "$dir/app"
	start_consul -n slow
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "nodrain"; exec = "$dir/app"; port = 80; } );
	EOF
	await_passing nodrain 1
	await [ -e "$dir/ready" ]
	pause_consul
	signal_pilotfish TERM
	expect_events "nodrain draining"
	await long_ago "$(now)"
	resumed=$(now)
	resume_consul
	wait_exit
	expect_code 0
	await_gone nodrain
	at_least 0 $(($(<"$dir/signalled") / 1000 - resumed))
}

long_ago()
{
	(($(now) - $1 > 200))
}

@test "a job that ends for good is deregistered" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "ends"; exec = [ "sh", "-c", "until [ -e $dir/end ]; do sleep 0.02; done; exit 3" ]; port = 80; },
			 { name = "stays"; exec = "sleep 1000"; } );
	EOF
	await_passing ends 1
	touch "$dir/end"
	await_gone ends
	refute_events "stays exitSuccess"
}

@test "an essential job that ends is deregistered, and its code is the exit code" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "ends"; exec = [ "sh", "-c", "until [ -e $dir/end ]; do sleep 0.02; done; exit 3" ]; port = 80; } );
	EOF
	await_passing ends 1
	touch "$dir/end"
	wait_exit
	expect_code 3
	await_gone ends
}

@test "SIGTERM ends within its deadline although Consul hangs" {
	start_consul -n hung
	start_pilotfish <<-EOF
		consul = "$consul_address"; stopTimeout = "4s";
		jobs = ( { name = "hang"; exec = "sleep 1000"; port = 80; },
			 { name = "hang2"; exec = "sleep 1000"; port = 81; } );
		watches = ( { name = "db"; } );
	EOF
	await_passing hang 1
	await_passing hang2 1
	pause_consul
	stop_pilotfish
	resume_consul
	expect_code 0
	at_most 1500 "$took"
	refute_events "hang.health exitFailed"
	[[ $(count_log 'service hang-[^ ]*: consul has not deregistered it') == 1 ]]
}

# The agent answers questions, but its servers are slow to write.
slow_deregistration()		# SECONDS: then it answers
{
	start_fake_consul
	start_pilotfish <<-EOF
		consul = "$fake_address"; stopTimeout = "8s";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; } );
	EOF
	consul_address=$fake_address await_passing app 1
	fake mode "{ \"mode\": \"hang\", \"path\": \"/v1/agent/service/deregister/\", \"seconds\": $1 }"
	stop_pilotfish
	expect_code 0
	expect_log 'service app-[^ ]*: consul has not deregistered it in time: its job stops now'
}

@test "a slow agent: the job stops after a second, and pilotfish waits for the deregistration" {
	slow_deregistration 3
	expect_events "app stopped"
	expect_log 'service app-[^ ]* is deregistered'
	at_least 2900 "$took"
	at_most 4500 "$took"
}

@test "an agent that is too slow: the deadline ends the wait" {
	slow_deregistration 60
	refute_log 'is deregistered'
	expect_log 'not waiting until consul has deregistered all'
	at_most 8500 "$took"
}

@test "SIGTERM ends at once if Consul is known to be away" {
	start_fake_consul
	start_pilotfish <<-EOF
		consul = "$fake_address";
		jobs = ( { name = "gone"; exec = "sleep 1000"; port = 80; } );
	EOF
	consul_address=$fake_address await_passing gone 1
	stop_program fake
	expect_log 'consul at .* does not answer'
	stop_pilotfish
	expect_code 0
	at_most 300 "$took"
}

@test "Consul as a job of ours ends last, so that the others can deregister" {
	free_port port server lan wan
	cat >"$dir/agent.json" <<-EOF
		{ "bind_addr": "127.0.0.1", "node_name": "inside", "disable_host_node_id": true,
		  "performance": { "raft_multiplier": 1 }, "ports": { "http": $port, "dns": -1, "grpc": -1, "server": $server,
		  "serf_lan": $lan, "serf_wan": $wan } }
	EOF
	start_pilotfish <<-EOF
		consul = "127.0.0.1:$port"; stopTimeout = "8s";
		jobs = ( { name = "agent"; exec = "consul agent -dev -config-file=$dir/agent.json";
			   health = { http = "http://127.0.0.1:$port/v1/status/leader"; body = ":"; interval = "100ms"; }; },
			 { name = "app"; exec = "sleep 1000"; port = 80; needs = [ "agent healthy" ]; } );
	EOF
	LIMIT=20 expect_events "agent healthy" "app running"
	consul_address=http://127.0.0.1:$port await_passing app 1
	mark
	stop_pilotfish
	expect_code 0
	expect_events "app draining" "app stopped" "agent stopping" "agent stopped"
	expect_log 'service app-[^ ]* is deregistered'
	at_most 5000 "$took"
}
