# The user, directory and limits of a job, as its program sees them.

load jobs

# Runs a program with these settings of a job.
run_as()	# SETTINGS COMMAND
{
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = [ "sh", "-c", "$2" ]; $1 } );
	EOF
	wait_exit
}

@test "user and group by name: ids, groups, HOME and USER" {
	needs_root
	run_as 'user = "nobody";' 'id -u; id -g; id -G; echo $HOME $USER'
	[[ $(said app) == "$(id -u nobody; id -g nobody; id -G nobody; echo "$(getent passwd nobody | cut -d: -f6) nobody")" ]]
	run_as 'user = "nobody"; group = "daemon";' 'id -u; id -g; id -G'
	[[ $(said app) == "$(id -u nobody; getent group daemon | cut -d: -f3; getent group daemon | cut -d: -f3)" ]]
	run_as 'user = "nobody:daemon";' 'id -gn'
	[[ $(said app) == daemon ]]
	run_as 'group = "daemon";' 'id -u; id -gn'
	[[ $(said app) == $'0\ndaemon' ]]
}

@test "numeric ids need no files" {
	needs_root
	run_as 'user = "54321:54322";' 'id -u; id -g; id -G; echo $HOME'
	[[ $(said app) == $'54321\n54322\n54322\n/' ]]
	run_as 'user = 54321;' 'id -u; id -G'
	[[ $(said app) == $'54321\n54321' ]]		# not our own group, which is root's
}

@test "cwd, env, umask" {
	mkdir "$dir/somewhere"
	export KEPT=kept CHANGED=old
	run_as "cwd = \"$dir/somewhere\"; env = { CHANGED = \"new\"; ADDED = \"a = b\"; EMPTY = \"\"; }; umask = \"027\";" \
		'pwd; umask; echo $KEPT $CHANGED; echo $ADDED; echo ${EMPTY-unset}'
	[[ $(said app) == "$dir/somewhere
0027
kept new
a = b" ]] || [[ $(said app) == "$dir/somewhere
0027
kept new
a = b
" ]]
	run_as 'env = [ "A=1", "B=x=y" ];' 'echo $A $B'
	[[ $(said app) == "1 x=y" ]]
}

@test "a relative program is searched in the job's own PATH" {
	mkdir "$dir/bin"
	printf '#!/bin/sh\necho mine\n' >"$dir/bin/mine"
	chmod +x "$dir/bin/mine"
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "mine"; env = { PATH = "$dir/bin:/bin"; }; } );
	EOF
	wait_exit
	expect_code 0
	[[ $(said app) == mine ]]
}

@test "rlimits, nice, oomScoreAdj, noNewPrivs" {
	needs_root
	run_as 'rlimits = { nofile = "100:200"; core = 0; cpu = "unlimited"; }; nice = 5; oomScoreAdj = 300; noNewPrivs = true;' \
		'ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -t; nice; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status'
	[[ $(said app) == "100
200
0
unlimited
$(($(nice) + 5))
300
NoNewPrivs:	1" ]]
	run_as '' 'grep NoNewPrivs /proc/self/status; nice'
	[[ $(said app) == "NoNewPrivs:	0
$(nice)" ]]
}

@test "hooks and checks run as the user of the job, unless they name one" {
	needs_root
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; user = "nobody"; cwd = "/tmp"; env = { A = "a"; };
			   preStart = "sh -c 'id -un; pwd; echo $A'";
			   health = { exec = "sh -c 'id -un >&2; pwd >&2; exit 1'"; interval = "500ms"; };
			   preStop = { exec = "id -un"; user = "daemon"; }; } );
	EOF
	expect_events "app unhealthy"
	stop_pilotfish
	[[ $(said app.preStart) == $'nobody\n/tmp\na' ]]
	[[ $(said app.preStop) == daemon ]]
	expect_log 'app is critical: nobody'
}

@test "a child inherits the signal mask and dispositions that pilotfish was given, and no descriptors" {
	cat >"$dir/main.conf" <<-'EOF'
		jobs = ( { name = "status"; exec = "cat /proc/self/status"; }, { name = "fds"; exec = "ls /proc/self/fd"; },
			 { name = "group"; exec = "sh -c '[ $(ps -o pgid= -p $$) = $$ ] && echo own'"; } );
	EOF
	current=main
	export PILOTFISH_LOG_FORMAT=json
	start_program main "$helpers/enter.py" -- "$pilotfish" -c "$dir/main.conf"
	wait_exit
	[[ $(said status | field SigBlk) == 0000000000000000 ]]
	[[ $(said status | field SigIgn) == 0000000000000000 ]]
	[[ $(said fds | tr '\n' ' ') == "0 1 2 3 " ]]		# 3 is the folder itself
	[[ $(said group) == own ]]

	start_program main "$helpers/enter.py" --ignore USR1,CHLD --block USR2,TERM -- "$pilotfish" -c "$dir/main.conf"
	wait_exit
	said status
	[[ $(said status | field SigBlk | tail -n 1) == 0000000000004800 ]]
	[[ $(said status | field SigIgn | tail -n 1) == 0000000000010200 ]]
}

@test "a pilotfish that may not change ids says so" {
	needs_root
	run -126 setpriv --bounding-set -setuid,-setgid "$pilotfish" -c /dev/stdin <<-'EOF'
		jobs = ( { name = "app"; exec = "touch never"; user = "daemon"; } );
	EOF
	[[ $output == *"app cannot start: set"*": Operation not permitted"* ]]
}

@test "an empty /dev: jobs and checks start, and so does the bare init" {
	needs_root
	cat >"$dir/main.conf" <<-EOF
		jobs = (
		  { name = "app"; exec = [ "sh", "-c", "read line || echo no input; exec sleep 1000" ];
		    health = { exec = "true"; interval = "1s"; ttl = "5s"; }; }
		);
	EOF
	export PILOTFISH_LOG_LEVEL=debug PILOTFISH_LOG_FORMAT=json
	start_program main unshare --mount sh -c 'mount -t tmpfs none /dev && exec "$0" "$@"' \
		"$pilotfish" -c "$dir/main.conf"
	current=main
	expect_events "app running" "app healthy"
	expect_log 'no input'
	run -3 unshare --mount sh -c 'mount -t tmpfs none /dev && exec "$0" "$@" <&- >&- 2>&-' \
		"$pilotfish" -- sh -c 'read line || exit 3'
	stop_pilotfish
	expect_code 0
}

@test "unsetEnv: the program, its hooks and its checks do not get these variables" {
	export HTTP_PROXY=http://x KEPT=yes
	run_as 'unsetEnv = [ "HTTP_PROXY", "NO_SUCH" ];' 'echo ${HTTP_PROXY-none} ${NO_SUCH-none} $KEPT'
	[[ $(said app) == "none none yes" ]]
	run_as 'env = { A = "1"; }; unsetEnv = "A";' 'echo ${A-none}'
	[[ $(said app) == none ]]
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; unsetEnv = "HTTP_PROXY"; preStart = [ "sh", "-c", "echo ${HTTP_PROXY-none}" ]; } );
	EOF
	expect_events "app running"
	[[ $(said app.preStart) == none ]]
}
