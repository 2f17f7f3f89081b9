# lib.bash - the base of the system tests.  `load lib` at the top of a file.
#
# Each program that a test starts has a name and its files in $dir (NAME.log, NAME.pid, NAME.code; $dir/NAME is its
# "stem").  teardown kills all programs and their descendants.  Every wait has a limit: LIMIT whole seconds, 10 unless
# set; put LIMIT before a call (`LIMIT=30 expect_events ...`).  Nothing sleeps.  A file whose tests measure time, or
# need the whole machine, has the line `# serial`.  Under sanitizers $sanitized is set, and limits are $slow times
# as long.
#
#   start_pilotfish [-n NAME] [-1] [-l] [ARG...] <<'EOF'
#       Starts a pilotfish (NAME: main) with the configuration on stdin, or with ARGs and no configuration.
#       -1: as PID 1 of a new PID namespace.  Logs are JSON at level debug; with -l the configuration decides.
#       Sets $pid.  stdout and stderr go to $dir/NAME.log.  Exported variables are in its environment.
#       The functions below act on the pilotfish that was started last, or on -n NAME:
#   write_config [-n NAME] <<'EOF'       another configuration, for a reload
#   expect_events "app running" "app healthy"     wait for these events in this order, with any others between;
#                                        the next call looks behind the last match
#   refute_events "app stopped"          fails if any of these came since the last `mark` (at first: the start)
#   count_events "app running"           prints the number of such events since the mark
#   expect_log REGEX, refute_log REGEX   the same for any line of the log
#   mark                                 later calls ignore the log until here
#   list_events                          prints time, source and event of each event since the mark
#   signal_pilotfish SIGNAL
#   stop_pilotfish [SIGNAL]              TERM unless given, and wait_exit
#   wait_exit                            sets $code, and $took: milliseconds since this call (stop_pilotfish: since the signal)
#   expect_code N [...]                  fails unless $code is among these
#
#   start_program NAME COMMAND...        any other program; $dir/NAME.log
#   stop_program NAME                    kills the program with its descendants
#   await COMMAND...                     until the command succeeds
#   await_port PORT                      until a program listens on it
#   skip_if_sanitized                    for tests that cannot run under a sanitizer
#   free_port [NAME...]                  sets each variable (port, if none is named) to a free port
#
#   start_consul [-n NAME] [--data] [--tls] [--acl] [--config JSON]
#       Starts an agent on the loopback (NAME: consul) and waits for a leader.  A dev agent loses all data when it
#       restarts; --data: a server that keeps its data.  --tls: https only, $dir/ca.pem, client.pem and
#       client.key.  --acl: every request needs a token; $consul_token has all rights.  Sets and exports
#       $consul_address.  An agent started in setup_file serves the whole file.
#   restart_consul [--lose-data], pause_consul, resume_consul, stop_consul, kill_consul
#   consul_get PATH, consul_put PATH [DATA]       prints the answer; fails on 4xx and 5xx
#   consul_token_for RULES               prints a new token (needs --acl); its accessor: $dir/accessor
#   register SERVICE ID PORT [STATUS]    an instance without a pilotfish; deregister ID
#   await_passing SERVICE N              until exactly N instances pass
#   await_checks SERVICE STATUS N        until exactly N checks of the service have this status
#   await_gone SERVICE                   until the service is not in the catalogue
#   start_fake_consul                    tests/fake_consul.py, at $fake_address
#   fake mode '{"mode": "hang"}'         a request to its /fake/...; prints the answer

bats_require_minimum_version 1.5.0

lib=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
root=$(cd "$lib/../.." && pwd)
B=${B:-build}
[[ $B == /* ]] || B=$root/$B
pilotfish=$B/pilotfish
dir=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}
slow=1
sanitized=

# The tests of a file run beside others, so no test shares the default socket.
export PILOTFISH_SOCKET=off

# Sanitizers report to files, so that any report fails the test.  Processes of every user may write there.  Leaks are
# looked for in what start_pilotfish starts, as that takes longer than all that a verb does.
if grep -qs sanitize "$B/flags"; then
	slow=4 sanitized=yes
	if [[ ${BATS_TEST_TMPDIR-} ]]; then
		reports=$(mktemp -d /tmp/pilotfish-reports.XXXXXX)
		chmod 1777 "$reports"
		export ASAN_OPTIONS=log_path=$reports/r:detect_stack_use_after_return=1:detect_leaks=0
		export UBSAN_OPTIONS=print_stacktrace=1:log_path=$reports/r
		export LSAN_OPTIONS=print_suppressions=0:suppressions=$lib/helpers/known-leaks
	fi
fi

# Sanitizers need /proc, memory and threads for themselves.
skip_if_sanitized()
{
	[[ ! $sanitized ]] || skip "with sanitizers"
}

fail()
{
	printf '%s\n' "$*" >&2
	return 1
}

limit()
{
	echo $((${LIMIT:-10} * slow))
}

now()		# milliseconds
{
	local micros=${EPOCHREALTIME/[.,]/}
	echo "${micros%???}"
}

# Neither this nor the loop below starts a process: on some machines that takes as long as what a test waits for.
exec {nap}<> <(:)
nap()		# SECONDS
{
	read -r -t "$1" -u "$nap" || :
}

# The command sees our variables, so no test has one of their names.
await()
{
	local await_start=${EPOCHREALTIME/[.,]/} await_most=$((${LIMIT:-10} * slow)) await_began await_now await_pause

	while :; do
		await_began=${EPOCHREALTIME/[.,]/}
		! "$@" || return 0
		await_now=${EPOCHREALTIME/[.,]/}
		((await_now - await_start < await_most * 1000000)) || { fail "not within $await_most s: $*"; return; }
		# A command that takes its time rests as long, so that others have the processor.
		((await_now - await_began > 20000)) && await_pause=$((await_now - await_began)) || await_pause=20000
		printf -v await_pause '%d.%06d' $((await_pause / 1000000)) $((await_pause % 1000000))
		nap "$await_pause"
	done
}

await_port()
{
	await listens "$1"
}

listens()
{
	(exec 4<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

free_port()
{
	local ports

	(($#)) || set -- port
	ports=$("$lib/helpers/free-ports" $#)
	# shellcheck disable=SC2229 # the names are in the arguments
	read -r "$@" <<<"$ports"
}

# --- programs

start_program()
{
	local name=$1

	shift
	rm -f "$dir/$name".{code,at,mark}
	"$lib/helpers/launch" "$dir/$name" "$@" >>"$dir/$name.log" 2>&1 </dev/null ||
		{ tail -n 3 "$dir/$name.log" >&2; return 1; }
}

pid_of()
{
	cat "$dir/$1.pid"
}

has_ended()
{
	[[ -e $dir/$1.code ]]
}

stop_program()
{
	local keeper

	keeper=$(cat "$dir/$1.keeper" 2>/dev/null) || return 0
	kill -TERM "$keeper" 2>/dev/null || return 0
	await [ ! -e "$dir/$1.keeper" ]
}

# --- pilotfish

current=main

# Splits a call's arguments into $name (-n NAME) and the array $rest.
named()
{
	name=$current
	if [[ ${1-} == -n ]]; then
		name=$2
		shift 2
	fi
	rest=("$@")
}

write_config()
{
	local name rest

	named "$@"
	cat >"$dir/$name.conf"
}

start_pilotfish()
{
	local name=main first=() level=debug format=json

	while [[ ${1-} == -[n1l] ]]; do
		case $1 in
		-n) name=$2; shift ;;
		-1) first=(-1) ;;
		-l) level='' format='' ;;
		esac
		shift
	done
	current=$name
	if (($# == 0)); then
		cat >"$dir/$name.conf"
		set -- -c "$dir/$name.conf"
	fi
	rm -f "$dir/$name".{code,at,mark,log}
	# shellcheck disable=SC2030
	(
		[[ -z $level ]] || export PILOTFISH_LOG_LEVEL=$level PILOTFISH_LOG_FORMAT=$format
		[[ ! $sanitized ]] || export ASAN_OPTIONS+=:detect_leaks=1
		"$lib/helpers/launch" "${first[@]}" "$dir/$name" "$pilotfish" "$@" \
			>"$dir/$name.log" 2>&1 </dev/null
	) || { cat "$dir/$name.log" >&2; return 1; }
	pid=$(pid_of "$name")
}

follow()
{
	local name rest verb=$1

	shift
	named "$@"
	"$lib/helpers/follow" "$dir/$name" "$(limit)" "$verb" "${rest[@]}"
}

expect_events() { follow expect "$@"; }
refute_events() { follow refute "$@"; }
count_events() { follow count "$@"; }
list_events() { follow list "$@"; }
expect_log() { follow log "$@"; }
refute_log() { follow refute-log "$@"; }
mark() { follow mark "$@"; }

signal_pilotfish()
{
	local name rest

	named "$@"
	kill -s "${rest[0]#SIG}" "$(pid_of "$name")"
}

wait_exit()
{
	local name rest began

	began=$(now)
	named "$@"
	await has_ended "$name" || return
	took=$(($(now) - began))
	code=$(cat "$dir/$name.code")
}

stop_pilotfish()
{
	local name rest

	named "$@"
	has_ended "$name" || signal_pilotfish -n "$name" "${rest[0]:-TERM}"
	wait_exit -n "$name"
}

expect_code()
{
	[[ " $* " == *" $code "* ]] || fail "exit code $code, not $*"
}

# --- Consul

# An agent's settings are in $consul_dir/$consul.json.  start_consul exports its variables, so that tests inherit
# them from setup_file.

consul_settings()
{
	local name=$1 ports=($("$lib/helpers/free-ports" 5)) https=-1 extra=$2
	local tls=$3 acl=$4 data=$5

	consul_address=http://127.0.0.1:${ports[0]}
	if [[ $tls ]]; then
		[[ -e $dir/ca.pem ]] || "$lib/helpers/certificates" "$dir"
		https=${ports[0]} ports[0]=-1
		consul_address=https://127.0.0.1:$https
	fi
	jq -n --arg name "$name" --arg dir "$dir" --arg tls "$tls" --arg acl "$acl" --arg data "$data" \
		--argjson extra "$extra" --argjson https "$https" \
		--argjson ports "[$(IFS=,; echo "${ports[*]}")]" '
	{
		node_name: $name, bind_addr: "127.0.0.1", client_addr: "127.0.0.1",
		disable_update_check: true, disable_host_node_id: true, log_level: "info",
		performance: { raft_multiplier: 1 },
		ports: { http: $ports[0], https: $https, dns: -1, grpc: -1, server: $ports[1],
			 serf_lan: $ports[2], serf_wan: $ports[3] },
	}
	+ if $data == "" then {} else
		{ server: true, bootstrap_expect: 1, data_dir: ($dir + "/" + $name + ".data") } end
	+ if $tls == "" then {} else
		{ ca_file: ($dir + "/ca.pem"), cert_file: ($dir + "/server.pem"),
		  key_file: ($dir + "/server.key") } end
	+ if $acl == "" then {} else
		{ acl: { enabled: true, default_policy: "deny", down_policy: "extend-cache",
			 tokens: { master: $acl, agent: $acl } } } end
	| . * $extra' >"$dir/$name.json"
}

start_consul()
{
	local tls='' acl='' data='' extra='{}'

	consul=consul consul_token=''
	while (($#)); do
		case $1 in
		-n) consul=$2; shift ;;
		--tls) tls=yes ;;
		--acl) acl=00000000-0000-4000-8000-000000000001 consul_token=$acl ;;
		--data) data=yes ;;
		--config) extra=$2; shift ;;
		*) fail "start_consul: $1?"; return ;;
		esac
		shift
	done
	consul_settings "$consul" "$extra" "$tls" "$acl" "$data"
	consul_dir=$dir
	export consul consul_address consul_token consul_dir
	consul_run
}

consul_run()
{
	local dir=$consul_dir mode=(-dev)

	[[ $(jq .data_dir "$dir/$consul.json") == null ]] || mode=()
	start_program "$consul" env -i PATH="$PATH" HOME="$dir" consul agent "${mode[@]}" \
		-config-file="$dir/$consul.json"
	LIMIT=30 await consul_ready
}

# All requests work as soon as there is a leader and the agent's own node is in the catalogue.
consul_ready()
{
	has_ended "$consul" && return 1
	[[ $(consul_get /v1/status/leader 2>/dev/null) == *:* &&
	   $(consul_get "/v1/catalog/node/$consul" | jq -r .Node.Node 2>/dev/null) == "$consul" ]] 2>/dev/null
}

consul_signal()
{
	kill -s "$1" "$(dir=$consul_dir pid_of "$consul")"
}

pause_consul() { consul_signal STOP; }
resume_consul() { consul_signal CONT; }

kill_consul()
{
	dir=$consul_dir stop_program "$consul"
}

stop_consul()		# an orderly end
{
	local dir=$consul_dir

	consul_signal TERM
	await has_ended "$consul"
}

restart_consul()
{
	kill_consul
	[[ ${1-} != --lose-data ]] || rm -rf "$consul_dir/$consul.data"
	consul_run
}

consul_request()
{
	local method=$1 path=$2 data=${3-} secret=() ca=()

	[[ -z ${consul_token-} ]] || secret=(-H "X-Consul-Token: $consul_token")
	[[ $consul_address != https:* ]] || ca=(--cacert "$consul_dir/ca.pem")
	curl -sS --fail-with-body --noproxy '*' --max-time 10 "${secret[@]}" "${ca[@]}" \
		-X "$method" ${data:+--data-binary "$data"} "$consul_address$path"
}

consul_get() { consul_request GET "$@"; }
consul_put() { consul_request PUT "$@"; }

consul_token_for()
{
	local policy answer

	policy="p$RANDOM$RANDOM"
	consul_put /v1/acl/policy "$(jq -n --arg name "$policy" --arg rules "$1" \
		'{ Name: $name, Rules: $rules }')" >/dev/null || return
	answer=$(consul_put /v1/acl/token "{\"Policies\":[{\"Name\":\"$policy\"}]}") || return
	jq -r .AccessorID <<<"$answer" >"$dir/accessor"
	jq -r .SecretID <<<"$answer"
}

register()
{
	consul_put /v1/agent/service/register "$(jq -n --arg name "$1" --arg id "$2" \
		--argjson port "$3" --arg status "${4:-passing}" '{
		Name: $name, ID: $id, Address: "127.0.0.1", Port: $port,
		Check: { TTL: "1h", Status: $status } }')"
}

deregister()
{
	consul_put "/v1/agent/service/deregister/$1"
}

await_consul()
{
	local ca=()

	[[ $consul_address != https:* ]] || ca=(CONSUL_CACERT="$consul_dir/ca.pem")
	env CONSUL_HTTP_ADDR="$consul_address" CONSUL_HTTP_TOKEN="${consul_token-}" "${ca[@]}" \
		"$lib/helpers/await-consul" "$(limit)" "$@"
}

await_passing() { await_consul "$2" "/v1/health/service/$1?passing"; }
await_checks() { await_consul "$3" "/v1/health/checks/$1" "Status=$2"; }
await_gone() { await_consul 0 "/v1/catalog/service/$1"; }

start_fake_consul()
{
	local port

	free_port
	fake_address=http://127.0.0.1:$port
	start_program fake python3 "$root/tests/fake_consul.py" "$port"
	await_port "$port"
}

fake()
{
	curl -sS --fail-with-body --noproxy '*' --max-time 15 ${2:+--data-binary "$2"} \
		"$fake_address/fake/$1"
}

# --- the end

# The ends of all logs, for a failed test.
show_logs()
{
	local log

	for log in "$dir"/*.log; do
		[[ -s $log ]] || continue
		echo "--- ${log##*/}:"
		tail -n "${LOG_LINES:-25}" "$log" | cut -c 1-300
	done
}

# A sanitizer finds leaks only at a normal exit, so stop each pilotfish by TERM first.
end_gently()
{
	local name=$1

	[[ $slow != 1 && -e $dir/$name.conf ]] || return 0
	has_ended "$name" || signal_pilotfish -n "$name" TERM 2>/dev/null || return 0
	LIMIT=1 await has_ended "$name" 2>/dev/null || true
}

stop_all()
{
	local file name

	for file in "$dir"/*.keeper; do
		[[ -e $file ]] || continue
		name=${file##*/}
		end_gently "${name%.keeper}"
		stop_program "${name%.keeper}" || true
	done
}

no_sanitizer_reports()
{
	local report found=0

	for report in "${reports:-/nowhere}"/*; do
		[[ -e $report ]] || continue
		head -n 40 "$report" >&2
		found=1
	done
	rm -rf "${reports:-/nowhere}"
	return $found
}

lib_teardown()		# for files with a teardown of their own
{
	[[ ${BATS_TEST_COMPLETED-} ]] || show_logs
	stop_all
	no_sanitizer_reports
}

teardown()
{
	lib_teardown
}

teardown_file()
{
	stop_all
}
