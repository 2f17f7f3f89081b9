# The rights of a job: capabilities, no_new_privs, restrict (seccomp), paths (Landlock), Consul's token.
# plain

load jobs

# Runs a shell script with these settings of a job.
run_as()	# SETTINGS SCRIPT
{
	printf '%s\n' "$2" >"$dir/script"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test "$dir" "$dir/script"
	start_pilotfish <<-EOF
		consul = false;
		jobs = ( { name = "app"; exec = [ "/bin/sh", "$dir/script" ]; $1 } );
	EOF
	wait_exit
}

# The same by a pilotfish of user 65534 that has these ambient capabilities.
run_ambient()	# CAPABILITIES SETTINGS SCRIPT
{
	printf '%s\n' "$3" >"$dir/script"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test "$dir" "$dir/script"
	cat >"$dir/main.conf" <<-EOF
		jobs = ( { name = "app"; exec = [ "/bin/sh", "$dir/script" ]; $2 } );
	EOF
	current=main
	rm -f "$dir/main.log"
	export PILOTFISH_LOG_FORMAT=json
	start_program main setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps "$1" --ambient-caps "$1" \
		--bounding-set "$1,+setpcap" "$pilotfish" -c "$dir/main.conf"
	wait_exit
}

status='grep -E "^(Cap|NoNewPrivs|Uid|Gid)" /proc/self/status'
none=0000000000000000

# The capability sets in the output, as "INHERITABLE PERMITTED EFFECTIVE BOUNDING AMBIENT".
sets()
{
	said app | awk '/^Cap/ { printf "%s%s", n++ ? " " : "", $2 }'
}

@test "user clears all capability sets and sets no_new_privs" {
	needs_root
	run_as 'user = "nobody";' "$status; capsh --print"
	[[ $(sets) == "$none $none $none $none $none" ]]
	[[ $(said app | field NoNewPrivs) == 1 ]]
	said app | grep -qx 'Current: ='
	said app | grep -qx 'Bounding set ='
	said app | grep -qx 'Ambient set ='

	run_as 'user = "nobody"; noNewPrivs = false;' "$status"
	[[ $(sets) == "$none $none $none $none $none" ]]
	[[ $(said app | field NoNewPrivs) == 0 ]]
}

@test "user clears the ambient capabilities of a pilotfish that is not root" {
	needs_root
	for caps in +setuid,+setgid +setuid,+setgid,+setpcap; do
		run_ambient "$caps" 'user = "12345:12346";' "$status; setpriv --reuid 0 id -u || echo not root"
		[[ $(said app | field Uid | cut -f 1) == 12345 ]]
		[[ $(sets) == "$none $none $none "*" $none" ]]
		[[ $(said app | field NoNewPrivs) == 1 ]]
		said app | grep -qx 'not root'
	done
	[[ $(sets) == "$none $none $none $none $none" ]]
}

@test "without user a job keeps the capabilities of its pilotfish" {
	needs_root
	run_ambient +net_raw '' "$status"
	[[ $(sets) == "0000000000002000 0000000000002000 0000000000002000 "*" 0000000000002000" ]]
	[[ $(said app | field NoNewPrivs) == 0 ]]
}

@test "a pilotfish that cannot drop the bounding set refuses a user without noNewPrivs" {
	needs_root
	run_ambient +setuid,+setgid 'user = "12345"; noNewPrivs = false;' 'echo never'
	expect_code 126
	expect_log 'app cannot start: capability bounding set: Operation not permitted'
	[[ ! $(said app) ]]
}

@test "capabilities are the only ones, for a user and for root" {
	needs_root
	run_as 'user = "nobody"; capabilities = [ "NET_BIND_SERVICE", "cap_net_raw" ];' "$status; exec sh -c '$status'"
	[[ $(said app | grep -c "^CapEff:.0000000000002400") == 2 ]]
	[[ $(said app | grep -c "^CapBnd:.0000000000002400") == 2 ]]
	[[ $(said app | grep -c "^CapAmb:.0000000000002400") == 2 ]]

	run_as 'capabilities = [ "chown" ];' "$status; chown 1:1 $dir/script && mknod $dir/null c 1 3 || echo no mknod"
	[[ $(said app | field CapEff) == 0000000000000001 ]]
	[[ $(said app | field CapBnd) == 0000000000000001 ]]
	said app | grep -qx 'no mknod'
	[[ $(stat -c %u "$dir/script") == 1 ]]

	run_as 'capabilities = [ ];' "$status"
	[[ $(sets) == "$none $none $none $none $none" ]]
}

@test "a capability that pilotfish does not have stops the start" {
	needs_root
	run_ambient +setuid,+setgid 'user = "12345"; capabilities = [ "NET_RAW" ];' 'echo never'
	expect_code 126
	expect_log 'app cannot start: capabilities: Operation not permitted'
}

@test "a user's number without an entry has the group of that number" {
	needs_root
	run_as 'user = 54321;' 'id -u; id -g; id -G'
	[[ $(said app) == $'54321\n54321\n54321' ]]
}

# One line for each of these: the word, and whether the restriction holds.
try='python3 - <<"END"
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
	print(name, "ok" if libc.syscall(*args) >= 0 else os.strerror(ctypes.get_errno()), flush=True)
x86 = os.uname().machine == "x86_64"
for name, family in ("inet", socket.AF_INET), ("unix", socket.AF_UNIX), ("netlink", 16):
	try:
		socket.socket(family, socket.SOCK_DGRAM); print(name, "ok", flush=True)
	except OSError as e:
		print(name, e.strerror, flush=True)
if os.fork() == 0:
	os._exit(0)
print("fork", "ok" if os.wait()[1] == 0 else "failed", flush=True)
call("io_uring", 425, 1, None)
call("unshare", 272 if x86 else 97, 0x04000000)
call("chroot", 161 if x86 else 51, b"/")
call("ptrace", 101 if x86 else 117, 0, 0, 0, 0)
call("keyctl", 250 if x86 else 219, 0, -3, 0)
END'

@test "restrict: each word refuses its system calls and no others" {
	needs_root
	run_as 'restrict = [ "no-network" ];' "$try
grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status"
	said app | grep -qx 'inet Address family not supported by protocol'
	said app | grep -qx 'netlink Address family not supported by protocol'
	said app | grep -qx 'unix ok'
	said app | grep -qx 'io_uring Function not implemented'
	said app | grep -qx 'unshare ok'
	said app | grep -qx 'fork ok'
	[[ $(said app | field Seccomp) == 2 ]]
	[[ $(said app | field NoNewPrivs) == 1 ]]

	run_as 'restrict = [ "no-namespaces" ];' "$try"
	said app | grep -qx 'unshare Operation not permitted'
	said app | grep -qx 'inet ok'
	said app | grep -qx 'chroot ok'
	said app | grep -qx 'fork ok'

	run_as 'restrict = [ "no-mount", "no-debug", "no-kernel" ];' "$try
mount -t tmpfs x /mnt 2>/dev/null || echo no mount"
	said app | grep -qx 'chroot Operation not permitted'
	said app | grep -qx 'ptrace Operation not permitted'
	said app | grep -qx 'keyctl Operation not permitted'
	said app | grep -qx 'no mount'
	said app | grep -qx 'unshare ok'
	said app | grep -qx 'inet ok'
}

@test "restrict kills a program of another architecture" {
	[[ $(uname -m) == x86_64 ]] || skip "needs x86_64"
	printf '.globl _start\n_start: mov $20, %%eax\nint $0x80\nmov $60, %%eax\nxor %%edi, %%edi\nsyscall\n' >"$dir/old.s"
	gcc -nostdlib -static -o "$dir/old" "$dir/old.s"
	"$dir/old" || skip "the kernel has no 32-bit system calls"
	run_as 'restrict = "no-network";' "$dir/old; echo \$?"
	said app | grep -qx 159
}

@test "restrict holds for a user as well" {
	needs_root
	run_as 'user = "nobody"; restrict = [ "no-network" ];' "$try"
	said app | grep -qx 'inet Address family not supported by protocol'
	said app | grep -qx 'unix ok'
}

landlock()
{
	python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)' || skip "needs Landlock"
}

@test "paths: reading and writing outside of them fails" {
	landlock
	mkdir "$dir/in" "$dir/out" "$dir/look"
	echo seen >"$dir/look/file"
	libs=$(for d in /usr /bin /lib /lib64 /etc; do [[ ! -e $d ]] || printf '"%s", ' "$d"; done)
	run_as "paths = { read = [ $libs\"$dir/script\", \"$dir/look\" ]; write = \"$dir/in\"; };" "
		cat $dir/look/file
		echo x >$dir/in/a && mv $dir/in/a $dir/in/b && rm $dir/in/b && echo wrote
		echo x >$dir/look/file || echo read only
		echo x >$dir/out/file || echo no write
		ls $dir/out || echo no list
		mv $dir/in $dir/out/ || echo no move
		echo x >/dev/null && echo null
		sh -c 'ls $dir/out' || echo no list by a child"
	[[ $(said app | grep -v "denied\|cannot\|cross-device") == $'seen\nwrote\nread only\nno write\nno list\nno move\nnull\nno list by a child' ]]
	[[ $(cat "$dir/look/file") == seen && ! $(ls "$dir/out") ]]
}

@test "paths: a path that does not exist stops the start and is named" {
	landlock
	run_as "paths = { read = [ \"/usr\", \"$dir/nowhere\" ]; };" 'echo never'
	expect_code 126
	expect_log "app cannot start: paths: $dir/nowhere: No such file or directory"
}

@test "without Landlock the start fails, or paths are optional" {
	cat >"$dir/no-landlock.py" <<-'EOF'
		import ctypes, os, struct, sys
		code = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (6, 0, 0, 0x50000 | 38), (6, 0, 0, 0x7fff0000)]
		filter = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
		prog = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code), ctypes.addressof(filter)))
		libc = ctypes.CDLL(None, use_errno=True)
		assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, prog, 0, 0) == 0, os.strerror(ctypes.get_errno())
		os.execvp(sys.argv[1], sys.argv[1:])
	EOF
	run -126 python3 "$dir/no-landlock.py" "$pilotfish" -c /dev/stdin <<-'EOF'
		jobs = ( { name = "app"; exec = "echo never"; paths = { read = [ "/" ]; }; } );
	EOF
	[[ $output == *"app cannot start: paths: this kernel has no Landlock"* ]]
	run -0 python3 "$dir/no-landlock.py" "$pilotfish" -c /dev/stdin <<-'EOF'
		jobs = ( { name = "app"; exec = "echo started"; paths = { read = [ "/" ]; optional = true; }; } );
	EOF
	[[ $output == *started* ]]
}

@test "passToken: by default a job without user gets Consul's token, a job with user does not" {
	needs_root
	export CONSUL_HTTP_TOKEN=s3cret CONSUL_HTTP_AUTH=me:s3cret CONSUL_HTTP_ADDR=http://me:s3cret@127.0.0.1:1
	run_as '' 'env | grep ^CONSUL | sort'
	[[ $(said app) == $'CONSUL_HTTP_ADDR=http://me:s3cret@127.0.0.1:1\nCONSUL_HTTP_AUTH=me:s3cret\nCONSUL_HTTP_TOKEN=s3cret' ]]
	run_as 'user = "nobody";' 'env | grep ^CONSUL | sort'
	[[ $(said app) == CONSUL_HTTP_ADDR=http://127.0.0.1:1 ]]
	run_as 'passToken = false; env = { CONSUL_HTTP_TOKEN = "other"; };' 'env | grep ^CONSUL | sort'
	[[ $(said app) == $'CONSUL_HTTP_ADDR=http://127.0.0.1:1\nCONSUL_HTTP_TOKEN=other' ]]
	run_as 'user = "nobody"; passToken = true;' 'echo $CONSUL_HTTP_TOKEN'
	[[ $(said app) == s3cret ]]
}

# A pilotfish of user 65534 whose job reads what it can of its parent in /proc.
look_at_parent()	# SETTINGS
{
	run_ambient -all "$1" 'cat /proc/$PPID/environ >/dev/null 2>&1 && echo environ
		readlink /proc/$PPID/fd/1 >/dev/null && echo descriptor
		cat /proc/self/environ >/dev/null && echo own
		cat /proc/self/oom_score_adj'
}

@test "with a secret, pilotfish cannot be read by its user's processes, nor dumped; its children can" {
	needs_root
	skip_if_sanitized
	look_at_parent 'oomScoreAdj = 500;'
	[[ $(said app | tr '\n' ' ') == "environ descriptor own 500 " ]]
	mkdir "$dir/consul"
	export CONSUL_HTTP_TOKEN=s3cret CONSUL_HTTP_ADDR=127.0.0.1:1
	look_at_parent 'oomScoreAdj = 500;'
	[[ $(said app | tr '\n' ' ') == "own 500 " ]]
}

@test "a token over http to another host is a warning, once" {
	export CONSUL_HTTP_TOKEN=s3cret
	for address in 192.0.2.1:8500 http://localhost.example:8500; do
		start_pilotfish <<-EOF
			consul = "$address";
			jobs = ( { name = "app"; exec = "sleep 1000"; } );
		EOF
		expect_events "app running"
		signal_pilotfish HUP
		expect_log 'reloaded'
		stop_pilotfish
		[[ $(count_log 'the token is sent unencrypted over http to another host') == 1 ]]
	done
	for address in 127.0.0.1:1 localhost:1 '[::1]:1' https://192.0.2.1 unix:///none; do
		start_pilotfish <<-EOF
			consul = "$address";
			jobs = ( { name = "app"; exec = "true"; } );
		EOF
		wait_exit
		[[ $(count_log 'unencrypted') == 0 ]]
	done
}

@test "user and password in a URL are shown nowhere" {
	for address in me:s3cret@192.0.2.1:8500 http://me:s3cret@192.0.2.1:8500; do
		cat >"$dir/url.conf" <<-EOF
			consul = "$address";
			jobs = ( { name = "app"; exec = "true";
				   health = { http = "http://you:s3cret@127.0.0.1:1/x"; interval = 1; tpyo = 1; }; } );
		EOF
		for verb in check run expand $([[ $address != http* ]] || echo render); do
			run "$pilotfish" "$verb" -c "$dir/url.conf"
			[[ $output && $output != *s3cret* ]] || fail "$verb: $output"
		done
		sed -i 's/ tpyo = 1;//' "$dir/url.conf"
		for verb in check run expand; do
			run "$pilotfish" "$verb" -c "$dir/url.conf"
			[[ $output && $output != *s3cret* ]] || fail "$verb: $output"
		done
	done
}
