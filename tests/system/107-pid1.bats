# As PID 1: orphans and daemons.
# plain

load jobs

setup()
{
	needs_root
	unshare --pid --fork true 2>/dev/null || skip "no PID namespaces here"
}

@test "daemons in sessions of their own get SIGTERM, are waited for, and are killed at the deadline" {
	script polite <<-'EOF'
		trap 'sleep 0.3; echo polite is done; exit' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	script deaf <<-'EOF'
		trap '' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	start_pilotfish -1 <<-EOF
		jobs = ( { name = "app"; exec = "bash -c 'setsid $dir/polite & exec sleep 1000'"; } );
	EOF
	expect_log '"ready"'
	stop_pilotfish
	expect_code 0
	((took >= 250 && took < 2500 * slow))
	[[ $(said app) == $'ready\npolite is done' ]]

	start_pilotfish -1 <<-EOF
		stopTimeout = "1s";
		jobs = ( { name = "app"; exec = "bash -c 'setsid $dir/deaf & exec sleep 1000'"; } );
	EOF
	expect_log '"ready"'
	stop_pilotfish
	expect_code 137
	((took >= 400 && took < 1200 * slow))
}

@test "a process from outside of the container, such as a health check of Docker, is not waited for" {
	script deaf <<-'EOF'
		trap '' TERM
		touch "$1"
		while :; do read -rt 1 <> <(:); done
	EOF
	start_pilotfish -1 <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	start_program visitor nsenter -t "$pid" -p "$dir/deaf" "$dir/came"
	await [ -e "$dir/came" ]
	stop_pilotfish
	expect_code 0
	refute_log "left behind|timeout is over"
}

@test "10,000 orphans: a handful of zombies at most, and all are gone" {
	zombies() { ps --ppid "$pid" -o stat= | grep -c Z; }

	cat >"$dir/breed.c" <<-'EOF'
		#include <stdio.h>
		#include <sys/wait.h>
		#include <unistd.h>

		int main(void)
		{
			for (int i = 0; i < 10000; i++) {
				pid_t pid = fork();

				if (!pid)
					_exit(fork() ? 0 : 0);
				if (pid > 0)
					waitpid(pid, NULL, 0);
			}
			puts("bred");
			fflush(stdout);
			pause();
		}
	EOF
	cc -o "$dir/breed" "$dir/breed.c"
	start_pilotfish -1 <<-EOF
		jobs = ( { name = "app"; exec = "$dir/breed"; } );
	EOF
	expect_events "app running"
	most=0
	until grep -q '"bred"' "$dir/main.log"; do
		n=$(zombies) || true
		((n <= most)) || most=$n
	done
	echo "at most $most zombies"
	((most <= 20 * slow))
	none() { [[ $(zombies) == 0 ]]; }
	await none
	stop_pilotfish
	expect_code 0
	((took < 1000 * slow))
}

@test "many daemons are swept in no time" {
	start_pilotfish -1 <<-'EOF'
		jobs = ( { name = "app"; exec = "bash -c 'for i in {1..300}; do setsid sleep 1000 & done; echo ready; wait'"; } );
	EOF
	expect_log '"ready"'
	stop_pilotfish
	expect_code 0
	((took < 2000 * slow))
}
