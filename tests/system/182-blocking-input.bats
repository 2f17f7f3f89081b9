# FIFOs without another end, and numbers without bounds: nothing blocks pilotfish.

load jobs
load measure

@test "a FIFO without a reader as the log: checks go on, signals work, a later reader gets the records" {
	mkfifo "$dir/log"
	cat >"$dir/main.conf" <<-EOF
		logging = { output = "$dir/log"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = "sh -c 'echo >>$dir/checks'"; interval = "20ms"; }; } );
	EOF
	checked() { (($(wc -l <"$dir/checks" 2>/dev/null) >= $1)); }
	checks_go_on() { await checked $(($(wc -l <"$dir/checks") + 5)); }
	current=main
	start_program main "$pilotfish" -c "$dir/main.conf"
	pid=$(pid_of main)
	await checked 5
	for signal in USR1 HUP USR1; do
		kill -"$signal" "$pid"
		checks_go_on
	done
	start_program reader sh -c "exec cat $dir/log >$dir/read"
	await grep -q 'app is healthy' "$dir/read"
	stop_program reader
	kill -USR1 "$pid"
	checks_go_on
	stop_pilotfish
	expect_code 0
	at_most 2000 "$took"
}

@test "a configuration that becomes a FIFO: a reload is refused at once, with the reason" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = "sh -c 'echo >>$dir/checks'"; interval = "20ms"; }; } );
	EOF
	expect_events "app healthy"
	printf '@include "%s"\n' "$dir/included" >>"$dir/main.conf"
	mkfifo "$dir/included"
	kill -HUP "$pid"
	expect_log 'cannot read .*included: a pipe cannot be awaited now'
	rm "$dir/main.conf"
	mkfifo "$dir/main.conf"
	kill -HUP "$pid"
	expect_log 'cannot read .*main.conf: a pipe cannot be awaited now'
	expect_events "app.health exitSuccess"
	stop_pilotfish
	expect_code 0
}

@test "a FIFO as the configuration: one with data is read, one without a writer is refused in time" {
	mkfifo "$dir/main.conf"
	(sleep 0.5; echo 'jobs = ( { name = "app"; exec = "echo hello"; } );' >"$dir/main.conf") &
	run -0 "$pilotfish" -c "$dir/main.conf"
	[[ $output == *hello* ]]
	run -66 timeout 9 "$pilotfish" -c "$dir/main.conf"
	[[ $output == *"main.conf: no data within 5s"* ]]
	run -0 "$pilotfish" check -c <(sleep 0.2; echo 'jobs = ( { name = "app"; exec = "true"; } );')
}

check_with_fifo()	# FILE: `check` sees a FIFO in its place
{
	[[ -p $dir/fifo ]] || mkfifo "$dir/fifo"
	run timeout 9 unshare --mount sh -c 'mount --bind "$0" "$1" && exec "$2" check -c "$3"' "$dir/fifo" "$1" "$pilotfish" "$dir/main.conf"
}

@test "FIFOs as /etc/passwd and /etc/group: a message names them, and a number needs neither" {
	((EUID == 0)) || skip "mounts"
	echo 'jobs = ( { name = "app"; exec = "true"; user = "nobody"; } );' >"$dir/main.conf"
	check_with_fifo /etc/passwd
	[[ $status == 65 && $output == *'jobs[app].user: cannot read /etc/passwd: not a regular file'* ]]
	echo 'jobs = ( { name = "app"; exec = "true"; user = "nobody:nogroup"; } );' >"$dir/main.conf"
	check_with_fifo /etc/group
	[[ $status == 65 && $output == *'jobs[app].user: cannot read /etc/group: not a regular file'* ]]
	echo 'jobs = ( { name = "app"; exec = "true"; user = "1000:1000"; } );' >"$dir/main.conf"
	for file in /etc/passwd /etc/group; do
		check_with_fifo "$file"
		((status == 0))
	done
}

@test "durations without bounds are refused, with the maximum" {
	export PILOTFISH_STOP_TIMEOUT=99999999999999999999h
	run -64 "$pilotfish" -- true
	[[ $output == *"is not a duration from 0 to 277777h"* ]]
	unset PILOTFISH_STOP_TIMEOUT
	run -78 "$pilotfish" -c /dev/stdin <<-'EOF'
		jobs = ( { name = "app"; exec = "true"; stopTimeout = "277778h"; } );
	EOF
	[[ $output == *"stopTimeout"* ]]
}
