# The exit code of the bare init is its command's.
# plain

load init

@test "exit codes come through" {
	for code in 0 1 2 3 32 64 125 126 127 128 129 143 254 255; do
		run -$code "$pilotfish" -- sh -c "exit $code"
	done
}

@test "a signal n becomes 128+n" {
	for signo in 1 2 3 6 8 9 11 13 14 15 24 34 64; do
		run -$((128 + signo)) "$pilotfish" -- sh -c "ulimit -c 0; kill -$signo \$\$"
	done
}

@test "a command that is not found is 127, with a message" {
	run -127 "$pilotfish" -- /nope
	[[ $output == "pilotfish: /nope: No such file or directory" ]]
	run -127 "$pilotfish" -- no-such-program
	[[ $output == "pilotfish: no-such-program: No such file or directory" ]]
	run -127 "$pilotfish" -- ""
	run -127 "$pilotfish" -- $'/no\e[2J\npe'
	[[ $output == 'pilotfish: /no\x1b[2J\npe: No such file or directory' ]]
}

@test "a command that is not executable is 126, with a message" {
	echo 'exit 0' >"$dir/plain"
	run -126 "$pilotfish" -- "$dir"
	[[ $output == "pilotfish: $dir: Permission denied" ]]
	run -126 "$pilotfish" -- "$dir/plain"
	[[ $output == "pilotfish: $dir/plain: Permission denied" ]]
	run -126 "$pilotfish" -- /etc/passwd/x
}

@test "a missing interpreter is named as such" {
	printf '#!/no/such/shell\n' >"$dir/script"
	chmod +x "$dir/script"
	run -127 "$pilotfish" -- "$dir/script"
	[[ $output == "pilotfish: $dir/script: its interpreter is missing" ]]
}

@test "a script without #! runs in /bin/sh, with its arguments" {
	# shellcheck disable=SC2016
	echo 'echo "$0 $# $2"; exit 9' >"$dir/bare-script"
	chmod +x "$dir/bare-script"
	run -9 "$pilotfish" -- "$dir/bare-script" one "two words"
	[[ $output == "$dir/bare-script 2 two words" ]]
	PATH=$dir:$PATH run -9 "$pilotfish" -- bare-script one two
	[[ $output == "$dir/bare-script 2 two" ]]
}

@test "PATH is searched as a shell does" {
	mkdir "$dir/one" "$dir/two"
	echo '' >"$dir/one/program"
	printf '#!/bin/sh\nexit 4\n' >"$dir/two/program"
	chmod +x "$dir/two/program"
	PATH=/none:$dir/one:$dir/two:$PATH run -4 "$pilotfish" -- program
	PATH=$dir/one:$PATH run -126 "$pilotfish" -- program
	cd "$dir/two"
	PATH=:$PATH run -4 "$pilotfish" -- program
	run -0 env -u PATH "$pilotfish" -- true
}

@test "-e turns codes into success, and only those" {
	run -0 "$pilotfish" -e 143 -e 3 -- sh -c 'exit 3'
	run -0 "$pilotfish" -e 143 -e 3 -- bash -c 'kill $$'
	run -4 "$pilotfish" -e 143 -e 3 -- sh -c 'exit 4'
	run -127 "$pilotfish" -e 127 -- /nope
}

@test "wrong usage is 64, in one line, and starts nothing" {
	local words

	while read -ra words; do
		run -64 "$pilotfish" "${words[@]}" -- touch "$dir/started"
		[[ ${#lines[@]} == 1 && $output == pilotfish:* ]]
		[[ ! -e $dir/started ]]
	done <<-'EOF'
		-x
		-e 256
		-e -1
		-e x
		-r TERM
		-r TERM:
		-r :TERM
		-r NOPE:TERM
		-r TERM:NOPE
		-r KILL:TERM
		-r CHLD:TERM
		-p NOPE
		-p 0
	EOF
	run -64 "$pilotfish" --
	PILOTFISH_STOP_TIMEOUT=soon run -64 "$pilotfish" -- touch "$dir/started"
	[[ $output == *PILOTFISH_STOP_TIMEOUT* && ! -e $dir/started ]]
}

@test "when no process can be started, that is said" {
	skip_if_sanitized
	needs_root
	run -126 setpriv --reuid 64321 --clear-groups prlimit --nproc=1:1 "$pilotfish" -- /bin/true
	[[ $output == "pilotfish: cannot start a process: Resource temporarily unavailable" ]]
}
