# Jobs, checks and an agent that hang delay no check and no answer of the control socket.
# plain
# serial unless sanitized

load lib
load measure

JOBS=100

setup()
{
	export PILOTFISH_SOCKET=$dir/control.sock
	free_port
}

# A hundred jobs with checks that pass, and two whose checks hang.
jobs()			# MEMBERS: of each
{
	local i

	echo 'jobs = ('
	for ((i = 1; i <= JOBS; i++)); do
		echo "{ name = \"job$i\"; exec = \"sleep 1000\"; $1"
		echo "  health = { http = \"http://127.0.0.1:$port/$i\"; interval = \"1s\"; }; },"
	done
	cat <<-EOF
		{ name = "program"; exec = "sleep 1000"; $1
		  health = { exec = [ "sh", "-c", "trap '' TERM; while :; do sleep 1000; done" ]; interval = "500ms"; timeout = "500ms"; }; },
		{ name = "server"; exec = "sleep 1000"; $1
		  health = { http = "http://127.0.0.1:$port/hang"; interval = "500ms"; timeout = "500ms"; }; } );
	EOF
}

# A delay that everybody on this machine had does not count.
expect_no_stall()		# WHAT
{
	local checks answers check answer own

	read -r _ checks _ answers _ check _ answer _ own <<<"$("$lib/helpers/stalls.py" "$port" "$PILOTFISH_SOCKET" 8 1)"
	echo "# figure: $1: at most $check ms late in $checks checks, $answer ms in $answers answers; the machine: $own ms" >&3
	at_least $((JOBS * 4)) "$checks"
	at_least 20 "$answers"
	at_most 100 $((check - own))
	at_most 100 $((answer - own))
}

@test "checks that hang for their whole timeout delay no other of a hundred jobs" {
	jobs | start_pilotfish
	expect_events "job$JOBS running"
	expect_no_stall "checks hang"
	(($(count_events "program.health exitFailed") > 3))
	(($(count_events "server.health exitFailed") > 3))
}

@test "a Consul that hangs delays no check of a hundred services" {
	start_consul
	{
		echo "consul = \"$consul_address\";"
		jobs 'port = 80; interfaces = "static:127.0.0.1";'
	} | start_pilotfish
	start_program web "$lib/helpers/stalls.py" "$port" "$PILOTFISH_SOCKET" 8 1
	for name in job1 job$JOBS; do LIMIT=20 await_passing "$name" 1; done
	await has_ended web
	pause_consul
	expect_no_stall "Consul hangs"
	resume_consul
}
