# The command gets what the init was given, whatever that was; the init keeps nothing.
# plain

load init

@test "SIGCHLD ignored at entry: the exit code is seen, the command has it ignored still" {
	run -3 within 5 "$helpers/enter.py" --ignore CHLD -- "$pilotfish" -- sh -c 'exit 3'
	run -0 enter --ignore CHLD -- "$pilotfish" -- cat /proc/self/status
	(( 0x$(field SigIgn <<<"$output") >> 16 & 1 ))
}

@test "SIGCHLD blocked at entry: the exit code is seen, the command has it blocked still" {
	run -3 within 5 "$helpers/enter.py" --block CHLD -- "$pilotfish" -- sh -c 'exit 3'
	run -0 enter --block CHLD -- "$pilotfish" -- cat /proc/self/status
	[[ $(field SigBlk <<<"$output") == 0000000000010000 ]]
}

@test "mask and dispositions reach the command unchanged" {
	local odd=(--ignore INT,TTOU,PIPE,HUP,TSTP --block TERM,TTIN,SEGV,USR1) direct

	direct=$(enter "${odd[@]}" -- cat /proc/self/status | grep ^Sig[BIC])
	run -0 enter "${odd[@]}" -- "$pilotfish" -- cat /proc/self/status
	[[ $(grep '^Sig[BIC]' <<<"$output") == "$direct" ]]
	[[ $(field SigBlk <<<"$direct") == 0000000000104600 ]]
	[[ $(field SigIgn <<<"$direct") == 0000000000281003 ]]

	run -0 enter -- "$pilotfish" -- cat /proc/self/status
	[[ $(field SigBlk <<<"$output") == 0000000000000000 ]]
	[[ $(field SigIgn <<<"$output") == 0000000000000000 ]]
}

@test "closed standard descriptors are /dev/null to both" {
	local closed

	for closed in 0 0,1,2; do
		run -5 within 5 "$helpers/enter.py" --close $closed -- \
			"$pilotfish" -- sh -c "ls -l /proc/\$PPID/fd /proc/self/fd >$dir/seen; exit 5"
		[[ $(grep -c ' 0 -> /dev/null$' "$dir/seen") == 2 ]]
	done
	[[ $(grep -c ' 2 -> /dev/null$' "$dir/seen") == 2 ]]
}

@test "no descriptor leaks into the command, none stays in the init" {
	exec 7</etc/passwd 19</etc/passwd
	"$pilotfish" -- sh -c 'until test /proc/$PPID/cwd -ef /; do :; done
		ls /proc/$PPID/fd; echo; exec ls /proc/self/fd' >"$dir/seen"
	exec 7<&- 19<&-
	[[ $(tr '\n' ' ' <"$dir/seen") == "0 1 2  0 1 2 3 " ]]	# 3: the folder that ls reads
}

@test "sockets by LISTEN_FDS reach the command, with its own pid" {
	# shellcheck disable=SC2016
	run -0 enter --listen 2 -- "$pilotfish" -- \
		sh -c 'test $LISTEN_PID = $$ && echo $LISTEN_FDS && readlink /proc/self/fd/3 /proc/self/fd/4'
	[[ ${lines[0]} == 2 && ${lines[1]} == *memfd:socket3* && ${lines[2]} == *memfd:socket4* ]]

	LISTEN_PID=1 LISTEN_FDS=1 run -0 "$pilotfish" -- sh -c 'echo $LISTEN_PID; test ! -e /proc/self/fd/3'
	[[ $output == 1 ]]
}

@test "environment, directory, umask and limits are untouched" {
	local probe='env -0 | sort -z | tr "\0" "\n" | grep -v "^_="; pwd; umask; ulimit -a; nice' direct

	export FUNNY=$'two\nlines and a tail ' HUGE
	HUGE=$(printf '%070000d' 1)
	cd /usr/share
	umask 027
	ulimit -S -n 77
	direct=$(sh -c "$probe")
	[[ $("$pilotfish" -- sh -c "$probe") == "$direct" ]]
	[[ $direct == *two* && $direct == */usr/share* ]]
}

@test "the init itself is in / and pins no mount" {
	cd "$dir"
	start_program init "$pilotfish" -- sleep 60
	await test / -ef "/proc/$(pid_of init)/cwd"
	[[ $(readlink "/proc/$(child_of "$(pid_of init)")/cwd") == "$dir" ]]
}

@test "the command has a process group of its own and is in our session" {
	# shellcheck disable=SC2016
	run -0 "$pilotfish" -- sh -c 'set -- $(cat /proc/$$/stat); echo $$ $5; set -- $(cat /proc/$PPID/stat); echo $6; set -- $(cat /proc/$$/stat); echo $6'
	read -r child group <<<"${lines[0]}"
	[[ $child == "$group" && ${lines[1]} == "${lines[2]}" ]]
}

@test "works as any user, on a read-only root without /proc" {
	skip_if_sanitized
	needs_root
	run -6 setpriv --reuid 65532 --regid 65532 --clear-groups "$pilotfish" -- sh -c 'exit 6'
	run -6 unshare --mount sh -c "umount -l /proc; mount -o remount,ro,bind / 2>/dev/null
		exec '$pilotfish' -- sh -c 'exit 6'"
}
