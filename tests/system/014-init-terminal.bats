# On a terminal: the command has the foreground, and hears of the keys once.

load init

play()
{
	LC_ALL=C "$helpers/terminal.py" "$@"
}

@test "job control works" {
	run -3 play 'expect=\$ ' 'send=set -o | grep monitor\n' 'expect=monitor\s+on' 'expect=\$ ' \
		'send=sh -c "printf begun%d 1; exec cat"\n' expect=begun1 'send=hello\n' \
		'expect=hello\r\nhello\r\n' 'send=\x1a' expect=Stopped 'expect=\$ ' \
		'send=kill -9 %1; exec sh -c "exit 3"\n' -- \
		env PS1='$ ' "$pilotfish" -- bash --norc --noprofile -i
	[[ $output != *"job control"* && $output != *"terminal process group"* ]]
}

@test "^Z stops the init too, so that a shell goes on, and fg continues both" {
	run -3 play 'expect=\$ ' 'send="$P" -- sh -c "echo begun; exec cat"\n' 'expect=begun\r' 'send=hello\n' 'expect=hello\r\nhello\r\n' \
		'send=\x1a' expect=Stopped 'expect=\$ ' 'send=echo in the shell\n' 'expect=in the shell\r' 'expect=\$ ' 'send=fg\n' \
		'expect=begun' 'send=again\n' 'expect=again\r\nagain\r\n' 'send=\x03' 'expect=\$ ' 'send=exit 3\n' -- \
		env PS1='$ ' P="$pilotfish" bash --norc --noprofile -i
}

@test "^Z under PID 1: the command goes on, and ^C ends it" {
	needs_root
	run -130 play 'expect=begun\r' 'send=\x1a' 'send=hello\n' 'expect=hello\r\nhello\r\n' 'send=\x03' -- \
		unshare --pid --fork --mount-proc setsid -cw "$pilotfish" -- sh -c 'echo begun; exec cat'
}

@test "^C reaches the command exactly once" {
	run -0 play expect=ready 'send=\x03' 'expect=2\r' signal=10 'expect=10\r' signal=64 -- \
		"$pilotfish" -- "$helpers/catch.py"
	[[ $(grep -cE '^(\^C)?2$' <<<"$output") == 1 ]]
}

@test "the command gets SIGWINCH" {
	run -0 play expect=ready resize 'expect=28\r' signal=64 -- "$pilotfish" -- "$helpers/catch.py"
}

# It is gone when the whole line was written: else the rest of that fails.
@test "the command gets SIGHUP when the terminal is gone" {
	run -6 play 'expect=ready\r\n' hangup -- "$pilotfish" -- python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
print("ready", flush=True)
if signal.sigtimedwait([signal.SIGHUP], 30):
    open(sys.argv[1], "w").write("hung up\n")
os._exit(6)' "$dir/seen"
	line_in "$dir/seen" "hung up"
}

@test "the terminal is handed over though stdin is not it" {
	run -0 play -- "$pilotfish" -- bash -c 'exec 0</dev/null; set -m; sleep 0.01 & fg >/dev/null && echo fine'
	[[ $output == *fine* ]]
	run -0 play -- sh -c '"$0" -- sh -c "ps -o pgid=,tpgid= -p \$\$" </dev/null' "$pilotfish"
	read -r group foreground <<<"$output"
	((group > 0 && group == foreground))
}

@test "a background job does not take the terminal" {
	run -0 play -- bash -mc '"$0" -- sh -c "ps -o pgid=,tpgid= -p \$\$" & wait' "$pilotfish"
	read -r group foreground <<<"$output"
	((group > 0 && foreground > 0 && group != foreground))
}

@test "job control works under PID 1" {
	needs_root
	run -0 play 'expect=\$ ' 'send=set -o | grep monitor\n' 'expect=monitor\s+on' 'send=exit\n' -- \
		unshare --pid --fork --mount-proc setsid -cw env PS1='$ ' "$pilotfish" -- bash --norc --noprofile -i
	[[ $output != *"job control"* && $output != *"terminal process group"* ]]
}
