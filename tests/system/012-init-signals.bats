# Every signal that can be caught reaches the command.
# plain

load init

numbers()	# all but KILL, CHLD and STOP
{
	seq 1 63 | grep -vxE '9|17|19'
}

@test "all signals are passed on, 1 to 64" {
	run -0 "$helpers/signals.py" $(numbers) -- "$pilotfish"
	diff <(numbers) <(printf '%s\n' "${lines[@]}")
}

@test "all signals are passed on by PID 1, too" {
	needs_root
	run -0 "$helpers/signals.py" --pid1 $(numbers | grep -vxE '20|21|22') -- "$pilotfish"
	diff <(numbers | grep -vxE '20|21|22') <(printf '%s\n' "${lines[@]}")
}

@test "queued real-time signals keep their number and values" {
	run -0 "$helpers/signals.py" --burst 40=1 40=-2 40=3 40=4 40=2147483647 10=6 -- "$pilotfish"
	line_in <(printf '%s\n' "${lines[@]}") 10=6
	[[ $(printf '%s\n' "${lines[@]}" | grep ^40 | tr '\n' ' ') == "40=1 40=-2 40=3 40=4 40=2147483647 " ]]
}

@test "-r passes on another signal, or none" {
	run -0 "$helpers/signals.py" 15 '!1' 10 '!28' 12=5 34 -- \
		"$pilotfish" -r TERM:QUIT -r SIGHUP:0 -r 12:RTMIN+3 -r winch:0 -r RTMIN:term
	[[ ${lines[*]} == "3 10 37=5 15" ]]
}

@test "-g signals the whole group" {
	cat >"$dir/family" <<-'EOF'
		trap "echo child" USR1
		(trap "echo grandchild; exit 0" USR1; echo ready; while ((SECONDS < 30)); do read -t 1 <> <(:); done) &
		while ((SECONDS < 30)); do wait $!; [[ $? == 0 ]] && exit; done
	EOF
	start_program init "$pilotfish" -g -- bash "$dir/family"
	await line_in "$dir/init.log" ready
	kill -USR1 "$(pid_of init)"
	await line_in "$dir/init.log" child
	await line_in "$dir/init.log" grandchild
}

@test "without -g only the command is signalled" {
	cat >"$dir/family" <<-'EOF'
		trap "echo child" USR1
		(trap "echo grandchild" USR1; trap "exit" USR2; echo ready; while ((SECONDS < 30)); do read -t 1 <> <(:); done) &
		while ((SECONDS < 30)); do wait $!; case $? in 0) exit;; 138) kill -USR2 $!;; esac; done
	EOF
	start_program init "$pilotfish" -- bash "$dir/family"
	await line_in "$dir/init.log" ready
	kill -USR1 "$(pid_of init)"
	wait_exit -n init
	line_in "$dir/init.log" child
	run ! line_in "$dir/init.log" grandchild
}

@test "a SIGTERM in the first moments is never lost" {
	run -0 "$helpers/early.py" 150 "$pilotfish"
	[[ $output == 0 ]]
	run -0 "$helpers/early.py" 300 "$pilotfish" -g
	[[ $output == 0 ]]
}

@test "an init that may not signal the command goes on" {
	needs_root
	cp "$(command -v setpriv)" "$dir/become"
	chmod u+s "$dir/become"
	chmod 755 "$BATS_RUN_TMPDIR" "$dir"
	[[ $(setpriv --reuid 65532 "$dir/become" --reuid 0 id -ru) == 0 ]] ||
		skip "set-user-ID programs do not work here"
	mkfifo "$dir/end"
	start_program init setpriv --reuid 65532 --regid 65532 --clear-groups "$pilotfish" -- \
		"$dir/become" --reuid 0 bash -c "id -ru; read <'$dir/end'; exit 7"
	await line_in "$dir/init.log" 0
	kill -TERM "$(pid_of init)"
	kill -40 "$(pid_of init)"
	await grep -q '^ShdPnd:.0*$' "/proc/$(pid_of init)/status"
	echo >"$dir/end"
	wait_exit -n init
	expect_code 7
}

@test "SIGTSTP stops both, SIGCONT wakes both" {
	stopped() { [[ $(field State <"/proc/$1/status") == T ]]; }
	runs() { [[ $(field State <"/proc/$1/status") == S ]]; }

	for signo in TSTP TTIN TTOU; do
		start_program init "$pilotfish" -- sleep 60
		init=$(pid_of init)
		await runs "$init"
		child=$(child_of "$init")
		kill -$signo "$init"
		await stopped "$init"
		await stopped "$child"
		kill -CONT "$init"
		await runs "$init"
		await runs "$child"
		stop_program init
	done
}

@test "-p: the command gets the signal when the init's parent dies" {
	start_program parent bash -c '"$@" & wait' sh "$pilotfish" -p USR1 -- "$helpers/catch.py"
	await line_in "$dir/parent.log" ready
	kill -KILL "$(pid_of parent)"
	await line_in "$dir/parent.log" 10
}
