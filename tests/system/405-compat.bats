# The keys for files of ContainerPilot: the group `compat`, and what else only the real program shows.

load lib

setup()
{
	export PILOTFISH_SOCKET=$dir/s
}

signals()		# MODE
{
	cat <<-EOT
		compat = { signals = "$1"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; },
			 { name = "hup"; exec = "true"; when = { source = "SIGHUP"; }; } );
	EOT
}

@test "signals of ContainerPilot 2: HUP reloads, USR1 is maintenance, USR2 is nothing" {
	signals containerpilot2 | start_pilotfish
	expect_events "app running"
	signal_pilotfish USR2
	signal_pilotfish HUP
	expect_events "SIGHUP signalled" "global reloaded"
	refute_events "global enterMaintenance"
	signal_pilotfish USR1
	expect_events "global enterMaintenance"
	signal_pilotfish USR1
	expect_events "global exitMaintenance"
}

@test "signals of ContainerPilot 3: HUP and USR2 are events alone; a reload changes that" {
	signals containerpilot3 | start_pilotfish
	expect_events "app running"
	signal_pilotfish USR2
	signal_pilotfish HUP
	expect_events "SIGHUP signalled" "hup running" "hup exitSuccess"
	refute_events "global reloaded" "global enterMaintenance"
	signals pilotfish | write_config
	"$pilotfish" reload
	mark
	signal_pilotfish USR2
	expect_events "global enterMaintenance"
}

variables()		# VALUE [JOB]
{
	cat <<-EOT
		consul = "$consul_address"; compat = { variables = $1; };
		jobs = ( { name = "app"; exec = "sleep 1000"; },
			 { name = "my-db"; exec = "cat $dir/fifo"; port = 81; interfaces = [ "static:192.0.2.7" ]; },
			 { name = "during"; exec = [ "sh", "-c", "env | grep ^CONTAINERPILOT >$dir/during.env" ];
			   when = { source = "my-db"; once = "running"; }; },
			 { name = "after"; exec = [ "sh", "-c", "env | grep ^CONTAINERPILOT >$dir/after.env" ];
			   when = { source = "my-db"; once = "exitSuccess"; }; }${2:+, $2} );
	EOT
}

@test "variables follow processes, services and reloads" {
	start_consul
	mkfifo "$dir/fifo"
	variables true | start_pilotfish
	expect_events "during exitSuccess"
	during=$(sort "$dir/during.env")
	pid=$(pid_of main) app=$(pgrep -P "$pid" sleep) db=$(pgrep -P "$pid" cat)
	[[ $during == "CONTAINERPILOT_APP_PID=$app
CONTAINERPILOT_MY_DB_IP=192.0.2.7
CONTAINERPILOT_MY_DB_PID=$db
CONTAINERPILOT_PID=$pid" ]]
	: >"$dir/fifo"
	expect_events "after exitSuccess"
	[[ $(sort "$dir/after.env") == $(grep -v MY_DB_PID <<<"$during" ) ]]
	variables false "{ name = \"later\"; exec = [ \"sh\", \"-c\", \"env >$dir/later.env\" ]; }" | write_config
	"$pilotfish" reload
	expect_events "later exitSuccess"
	! grep CONTAINERPILOT "$dir/later.env" || fail "they are still there"
	grep -qx PILOTFISH_MY_DB_ADDRESS=192.0.2.7 "$dir/later.env"
}

@test "a job whose event never comes waits without end, until the configuration has its source" {
	start_pilotfish <<-EOF
		compat = { unknownSources = true; };
		jobs = ( { name = "lost"; exec = "true"; when = { source = "app"; once = "exitSuccess"; }; },
			 { name = "last"; exec = "true"; when = { source = "nope"; once = "stopped"; }; },
			 { name = "short"; exec = "true"; when = { source = "watch.nope"; once = "healthy"; timeout = "50ms"; }; } );
	EOF
	expect_log 'jobs\[lost\].when.source: there is no source .*app.*the job waits without end'
	expect_events "short timerExpired" "short stopped"
	"$pilotfish" graph --format json | jq -e '.edges[] | select(.from == "unknown/nope" and .to == "job/last")'
	write_config <<-EOF
		compat = { unknownSources = true; };
		jobs = ( { name = "lost"; exec = "true"; when = { source = "app"; once = "exitSuccess"; }; },
			 { name = "last"; exec = "true"; when = { source = "nope"; once = "stopped"; }; },
			 { name = "app"; exec = "true"; essential = false; } );
	EOF
	"$pilotfish" reload
	expect_events "app exitSuccess" "lost exitSuccess" "lost stopped"
	stop_pilotfish
	expect_code 0
	refute_events "last running"
	refute_log "no job is left"
}

@test "exitStatus = zero" {
	start_pilotfish <<<'compat = { exitStatus = "zero"; }; jobs = ( { name = "app"; exec = "sh -c \"exit 3\""; } );'
	wait_exit
	expect_code 0
}

@test "an essential job's postStop that fails gives the exit code, if the job has succeeded" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "true"; postStop = "sh -c \"exit 5\""; } );'
	wait_exit
	expect_code 5
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sh -c \"exit 3\""; postStop = "sh -c \"exit 5\""; } );'
	wait_exit
	expect_code 3
}

@test "telemetry.interfaces: exactly the chosen address" {
	free_port
	start_pilotfish <<-EOF
		telemetry = { port = $port; interfaces = [ "nope0", "127.0.0.0/8" ]; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	await_port "$port"
	! (exec 4<>"/dev/tcp/127.0.0.2/$port") || fail "it listens on 127.0.0.2, too"
	write_config <<-EOF
		telemetry = { port = $port; interfaces = [ "nope0" ]; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	run "$pilotfish" reload
	[[ $status -ne 0 && $output == *"telemetry.interfaces: no address for nope0; there is"* ]]
	listens "$port"
	run -73 "$pilotfish" run -c "$dir/main.conf"
}

@test "exec = [ ]: a job without a program runs from its event on, is a gate, and stops at once" {
	start_pilotfish <<-EOF
		jobs = ( { name = "gate"; exec = [ ]; when = { source = "app"; once = "running"; };
			   health = { exec = "test -e $dir/open"; interval = "50ms"; }; },
			 { name = "app"; exec = "true"; essential = false; },
			 { name = "next"; exec = "true"; needs = [ "gate healthy" ]; essential = false; } );
	EOF
	expect_events "gate running" "gate unhealthy"
	touch "$dir/open"
	expect_events "gate healthy" "next exitSuccess"
	stop_pilotfish
	expect_code 0
	expect_events "gate stopped"
}
