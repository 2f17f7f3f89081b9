# elections.bash - candidates, the reigns that their workloads recorded, and a store that checks epochs.
#
#   election_consul [OPTION...]      start_consul with sessions of a second allowed; for setup_file
#   begin_election                   for setup: a key of its own, a store, records in $dir/reigns
#   candidate ID [KEYS]              a pilotfish "-n ID", PID 1 of a container; the workload runs while ID leads (`runs`);
#                                    KEYS: more keys of the election; $more: more configuration; $timings: ttl, ...
#   member ID [KEYS]                 the same with a job that always runs, promoted and demoted by hooks
#                                    $on_elected, $on_deposed: other hooks
#   await_primary [-n ID | --not ID] until exactly one primary lives, with a higher epoch than $epoch; sets
#                                    $leader and $epoch
#   expect_reigns [OPTION...]        fails if helpers/reigns.py finds anything wrong
#   workload ID                      the pid of its process; signal_workload SIGNAL ID
#   last_beat ID                     time of the last heartbeat of ID's newest reign, in milliseconds of CLOCK_BOOTTIME
#   first_beat ID, beats_of ID       time of the first heartbeat; number of heartbeats
#   boottime                         the current CLOCK_BOOTTIME in milliseconds
#   pass SECONDS                     waits that long, where there is no event to wait for
#   lock_value                       the lock's value; lock_session: the session that holds the lock, empty if none does

load lib
load measure

primary=$B/tests/primary
timings='ttl = "1s"; lockDelay = "3300ms"; demoteTimeout = 0;'
# The latest time at which another candidate leads after a candidate was killed, in milliseconds.
failover=$((1000 + 3300 + 1000))
on_elected="\"$primary\", \"promote\""
on_deposed="\"$primary\", \"demote\""
more='' epoch=0

election_consul()
{
	start_consul --config '{ "session_ttl_min": "1s", "limits": { "http_max_conns_per_client": 1000 } }' "$@"
}

begin_election()
{
	local port

	[[ -x $primary ]] || fail "no $primary: make helpers"
	free_port
	key=service/db-$BATS_TEST_NUMBER-$RANDOM/leader
	mkdir "$dir/reigns"
	start_program store "$lib/helpers/fenced-store" "127.0.0.1:$port" "$dir/store"
	await_port "$port"
	export PRIMARY_DIR=$dir/reigns PRIMARY_NAME=db PRIMARY_STORE=127.0.0.1:$port
}

election_of()		# ID KEYS
{
	printf '%s\n' "{ name = \"db\"; key = \"$key\"; id = \"$1\"; $timings $2 }"
}

candidate()
{
	PRIMARY_ID=$1 start_pilotfish -1 -n "$1" <<-EOF
		consul = { address = "$consul_address"; ${consul_keys-} };
		jobs = ( { name = "db"; exec = [ "$primary", "reign", "${mood-}" ]; runs = "election.db";
			   backoff = { min = "50ms"; max = "200ms"; }; stopTimeout = "1s"; } );
		elections = ( $(election_of "$1" "${2-}") );
		$more
	EOF
}

member()
{
	PRIMARY_ID=$1 start_pilotfish -1 -n "$1" <<-EOF
		consul = { address = "$consul_address"; ${consul_keys-} };
		jobs = ( { name = "db"; exec = [ "$primary", "replica", "${mood-}" ]; restarts = "unlimited"; essential = false;
			   backoff = { min = "50ms"; max = "200ms"; }; stopTimeout = "1s"; ${job_keys-} } );
		elections = ( $(election_of "$1" "job = \"db\"; onElected = [ $on_elected ]; onDeposed = [ $on_deposed ]; ${2-}") );
		$more
	EOF
}

await_primary()
{
	local who=() answer

	case ${1-} in
	-n) who=(--of "$2") ;;
	--not) who=(--not "$2") ;;
	esac
	answer=$("$lib/helpers/reigns.py" "$dir/reigns" --await "$(limit)" "${who[@]}" --above "$epoch") || return
	read -r leader epoch <<<"$answer"
}

expect_reigns()
{
	"$lib/helpers/reigns.py" "$dir/reigns" --store "$dir/store" "$@"
}

workload()
{
	pgrep -P "$(pid_of "$1")" -x primary
}

signal_workload()
{
	kill -s "$1" "$(workload "$2")"
}

beat()			# OFFSET ID, of struct reign
{
	local file

	file=$(find "$dir/reigns" -name "db.$2.*" ! -name '*.socket' | sort -t. -k3n | tail -n 1)
	od -An -t u8 -j "$1" -N 8 "$file"
}

first_beat() { echo $(($(beat 0 "$1") / 1000000)); }
last_beat() { echo $(($(beat 8 "$1") / 1000000)); }
beats_of() { beat 24 "$1"; }

boottime()
{
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}

pass()
{
	local until=$(($(boottime) + $1 * 1000))

	LIMIT=$(($1 + 5)) await eval '(($(boottime) > '$until'))'
}

lock_value()
{
	consul_get "/v1/kv/$key?raw"
}

lock_session()
{
	consul_get "/v1/kv/$key" | jq -r '.[0].Session // empty'
}
