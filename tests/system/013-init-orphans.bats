# Orphans are reaped; who descends from the command may finish its work, within the deadline.
# plain

load init

# A command that ends at once on SIGTERM, and a grandchild ($1: how it is started) that then
# does $2.
family()
{
	cat >"$dir/grandchild" <<-EOF
		trap '$2' TERM
		echo ready
		while ((SECONDS < 30)); do read -t 1 <> <(:); done
	EOF
	cat >"$dir/command" <<-EOF
		trap 'exit 5' TERM
		$1 bash "$dir/grandchild" &
		wait
	EOF
	start_program init "$pilotfish" -- bash "$dir/command"
	await line_in "$dir/init.log" ready
}

@test "a grandchild finishes its clean-up before the init leaves, and no later" {
	family "" 'echo cleaning; read -t 0.7 <> <(:); echo clean; exit'
	kill -TERM "$(pid_of init)"
	wait_exit -n init
	expect_code 5
	line_in "$dir/init.log" clean
	((took < 4000 * slow))
}

@test "a grandchild in a session of its own finishes its clean-up" {
	family setsid 'echo cleaning; read -t 0.3 <> <(:); echo clean; exit'
	kill -TERM "$(pid_of init)"
	wait_exit -n init
	expect_code 5
	line_in "$dir/init.log" clean
}

@test "a suspended grandchild finishes its clean-up" {
	family setsid 'echo clean; exit'
	kill -STOP "$(child_of "$(child_of "$(pid_of init)")")"
	kill -TERM "$(pid_of init)"
	wait_exit -n init
	expect_code 5
	line_in "$dir/init.log" clean
}

@test "grandchildren get SIGTERM when the command ends by itself, too" {
	cat >"$dir/grandchild" <<-'EOF'
		trap 'echo clean; exit' TERM
		echo ready >"$1"
		while ((SECONDS < 30)); do read -t 1 <> <(:); done
	EOF
	mkfifo "$dir/ready"
	run -0 within 6 "$pilotfish" -- bash -c "bash '$dir/grandchild' '$dir/ready' & read <'$dir/ready'"
	[[ $output == clean ]]
}

@test "grandchildren are killed after the deadline" {
	export PILOTFISH_STOP_TIMEOUT=300ms
	family setsid ''
	kill -TERM "$(pid_of init)"
	wait_exit -n init
	expect_code 5
	((took >= 250 && took < 2500 * slow))
	[[ -z $(pgrep -f "$dir/grandchild") ]]
}

@test "a second SIGTERM kills grandchildren at once" {
	command_is_gone() { [[ ! -e /proc/$child ]]; }

	family setsid ''
	child=$(child_of "$(pid_of init)")
	kill -TERM "$(pid_of init)"
	await command_is_gone
	kill -TERM "$(pid_of init)"
	wait_exit -n init
	expect_code 5
	((took < 3000 * slow))
}

@test "a deadline that passed before the command ended does not count for grandchildren" {
	export PILOTFISH_STOP_TIMEOUT=500ms
	mkfifo "$dir/end"
	cat >"$dir/command" <<-EOF
		trap '' HUP
		(trap 'read -t 0.2 <> <(:); echo clean; exit' TERM; echo ready; while ((SECONDS < 30)); do read -t 1 <> <(:); done) &
		read <'$dir/end'
	EOF
	start_program init "$pilotfish" -- bash "$dir/command"
	await line_in "$dir/init.log" ready
	kill -HUP "$(pid_of init)"
	read -rt 0.8 <> <(:) || true		# the deadline that must not count
	echo >"$dir/end"
	wait_exit -n init
	line_in "$dir/init.log" clean
}

@test "hundreds of orphans are reaped" {
	no_zombies() { ! ps --ppid "$(pid_of init)" -o stat= | grep -q Z; }

	mkfifo "$dir/end"
	start_program init "$pilotfish" -- bash -c "
		for i in {1..250}; do (true & true & exec true) & done
		wait; echo made; read <'$dir/end'; exit 8"
	await line_in "$dir/init.log" made
	await no_zombies
	echo >"$dir/end"
	wait_exit -n init
	expect_code 8
}

@test "the end of the command is seen among many ends" {
	local i

	for i in {1..100}; do
		run -5 within 5 "$pilotfish" -- \
			sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do true & done; exit 5'
	done
}

@test "an orphan's exit code is not the command's" {
	mkfifo "$dir/end"
	start_program init "$pilotfish" -- bash -c "(exec bash -c 'exit 9' &) ; read <'$dir/end'; exit 4"
	echo >"$dir/end"
	wait_exit -n init
	expect_code 4
}
