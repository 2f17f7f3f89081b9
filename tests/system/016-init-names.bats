# A link of another init's name: its options and its environment.

load init

setup()
{
	for name in tini docker-init dumb-init catatonit; do
		ln -s "$(realpath "$pilotfish")" "$dir/$name"
	done
}

no_child_of()		# PID
{
	[ -z "$(pgrep -P "$1")" ]
}

@test "a command needs no --, and its exit code comes through" {
	for name in tini docker-init dumb-init catatonit; do
		run -3 "$dir/$name" sh -c 'exit 3'
		run -4 "$dir/$name" -- sh -c 'exit 4'
		run -143 "$dir/$name" sh -c 'kill -TERM $$'
		run -127 "$dir/$name" /nope
		[[ $output == "$name: /nope: No such file or directory" ]]
		run -0 "$dir/$name" echo -v --version
		[[ $output == "-v --version" ]]
	done
}

@test "dockerd understands docker-init --version; the others tell theirs, too" {
	run -0 "$dir/docker-init" --version
	[[ $output =~ ^"tini version "[0-9]+\.[0-9]+\.[0-9]+" - pilotfish "[0-9.]+ ]]
	run -0 "$dir/tini" --version
	[[ $output == "tini version 0.19.0 - pilotfish "* ]]
	run -0 "$dir/dumb-init" -V
	[[ $output == "dumb-init v"* ]]
	run -0 "$dir/catatonit" --version
	[[ $output == "tini version "*"_catatonit"* ]]
	run -0 "$dir/tini" -l
	[[ $output == *licence* ]]
	run -0 "$dir/dumb-init" --help
	[[ $output == "usage: dumb-init "* ]]
}

@test "tini: -e, -s, -v and -w are understood, and wrong usage is 1" {
	run -0 "$dir/tini" -s -v -vv -w -e 143 -e 7 -- sh -c 'exit 7'
	run -8 "$dir/tini" -e 7 sh -c 'exit 8'
	run -1 "$dir/tini"
	[[ $output == "tini: there is no command"* ]]
	run -1 "$dir/tini" -x true
	[[ $output == "tini: -x: there is no such option"* ]]
	run -1 "$dir/tini" -r TERM:INT true
	run -1 "$dir/tini" -e 256 true
	run -127 "$dir/tini" -- -- true
	run -0 "$dir/tini" -w -- sh -c '(sh -c "sleep 0.1" &); sleep 0.5'
	[[ $output == "tini: reaped "*" orphaned process"* ]]
}

# The command ignores USR1; its child dies of it, and then it ends with 5.
group_gets_it()		# COMMAND...
{
	rm -f "$dir/init.log"
	start_program init "$@" bash -c 'trap : USR1
		sh -c "trap - USR1; echo ready; exec sleep 1000" & wait $!; wait $!; exit 5'
	await grep -q ready "$dir/init.log"
	kill -USR1 "$(pid_of init)"
	await has_ended init
	[[ $(<"$dir/init.code") == 5 ]]
}

child_alone_gets_it()
{
	rm -f "$dir/init.log"
	start_program init "$@" bash -c 'trap "echo got it; kill \$!; exit 6" USR1; sleep 1000 & echo ready; while :; do wait; done'
	await grep -q ready "$dir/init.log"
	kill -USR1 "$(pid_of init)"
	await has_ended init
	[[ $(<"$dir/init.code") == 6 ]]
}

@test "signals go to the group by -g, by TINI_KILL_PROCESS_GROUP, and as dumb-init" {
	group_gets_it "$dir/tini" -g
	group_gets_it env TINI_KILL_PROCESS_GROUP=1 "$dir/tini"
	group_gets_it env TINI_KILL_PROCESS_GROUP= "$dir/docker-init" --
	group_gets_it "$dir/dumb-init"
	group_gets_it "$dir/catatonit" -g
	child_alone_gets_it "$dir/dumb-init" -c
	child_alone_gets_it "$dir/dumb-init" --single-child --verbose
	child_alone_gets_it env DUMB_INIT_SETSID=0 "$dir/dumb-init"
	child_alone_gets_it "$dir/tini"
}

@test "dumb-init: signals are rewritten by number and by name, and wrong ones refused" {
	for rewrite in "-r 15:10" "--rewrite=15:10" "--rewrite TERM:USR1"; do
		start_program init "$dir/dumb-init" $rewrite -- bash -c 'trap "exit 9" USR1; trap "exit 8" TERM; echo ready
			while :; do sleep 0.05; done'
		await grep -q ready "$dir/init.log"
		kill -TERM "$(pid_of init)"
		await has_ended init
		[[ $(<"$dir/init.code") == 9 ]]
		rm "$dir/init.log"
	done
	for wrong in "" 15 15: :15 a:b 15:10:2 9:15; do
		run -1 "$dir/dumb-init" -r "$wrong" true
		[[ $output == "dumb-init: -r "* ]] || fail "$wrong: $output"
	done
}

@test "under our own name, variables of the others are not read, and that is said" {
	TINI_SUBREAPER=1 run -0 --separate-stderr "$pilotfish" -- true
	[[ $stderr == "pilotfish: TINI_SUBREAPER is not read: "* ]]
	TINI_SUBREAPER=1 run -0 --separate-stderr "$dir/tini" true
	[[ ! $stderr ]]
	TINI_VERBOSITY=3 run -0 --separate-stderr "$dir/dumb-init" true
	[[ $stderr == "dumb-init: TINI_VERBOSITY is not read: "* ]]
}

@test "catatonit -P: it waits, reaps orphans, and ends with 0" {
	start_program pause unshare --pid --fork --mount-proc --kill-child "$dir/catatonit" -P
	await pgrep -P "$(pid_of pause)" catatonit
	child=$(pgrep -P "$(pid_of pause)" catatonit)
	nsenter -t "$child" -p -m sh -c 'sh -c "sleep 0.1 & echo started" >/dev/null'
	await no_child_of "$child"
	kill -TERM "$child"
	await has_ended pause
	[[ $(<"$dir/pause.code") == 0 ]]
}
