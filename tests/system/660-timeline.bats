# examples/timeline draws a real failover correctly.

load leader

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
}

start_candidates()
{
	local name

	election=line$BATS_TEST_NUMBER
	election_config 'candidate = false;'
	for name in a b c; do
		start_pilotfish -n "$name" <<-EOF
			consul = "$consul_address";
			jobs = ( { name = "db"; exec = "sleep 1000"; restarts = "unlimited"; } );
			elections = ( { name = "$election"; id = "$name"; job = "db"; profile = "fast";
				onElected = "sleep 0.3"; onDeposed = "sleep 0.2"; } );
		EOF
		[[ $name != a ]] || expect_events -n a "$election.onElected exitSuccess"
	done
	LIMIT=20 await_passing "$election-election" 3
}

timeline()		# CODE ARG...
{
	run -"$1" --separate-stderr "$root/examples/timeline" "${@:2}"
}

# The time of a line of the form "3.10 s  TEXT", in milliseconds.
moment()
{
	awk -v text="$1" 'index($0, text) { print int($1 * ($2 == "s" ? 1000 : 1)); exit }' <<<"$stderr"
}

expect_picture()	# FILE TEXT...
{
	python3 - "$@" <<-'EOF'
		import sys, xml.etree.ElementTree as tree
		picture = tree.parse(sys.argv[1])
		texts = [node.text for node in picture.iter("{http://www.w3.org/2000/svg}text")]
		missing = [text for text in sys.argv[2:] if not any(text in found for found in texts)]
		sys.exit(f"not in the picture: {missing}, but {texts}" if missing else 0)
	EOF
}

bars()			# FILE TEXT: how many there are whose tip begins so
{
	grep -c "<title>$2" "$1"
}

@test "a leader that is killed: until its lock is free, until another is elected, until it leads" {
	local at

	start_candidates
	at=$(date +%s.%N)
	signal_pilotfish -n a KILL
	await leads_another
	timeline 0 --end "a=$at" --what "kill -9" -o "$dir/picture.svg" "$dir"/{a,b,c}.log
	[[ $(moment "a: kill -9") == 0 ]]
	# The check is passed every second and lasts for three, the lock delay for four.
	at_least 1900 "$(moment "the lock is free")"
	at_most 3200 "$(moment "the lock is free")"
	at_least 3990 "$(($(moment "is elected, epoch") - $(moment "the lock is free")))"
	at_most 4500 "$(($(moment "is elected, epoch") - $(moment "the lock is free")))"
	at_least 300 "$(($(moment " leads") - $(moment "is elected, epoch")))"
	expect_picture "$dir/picture.svg" "the lock" a b c "a: kill -9" "the lock is free" "is elected, epoch $(leader_epoch)" \
		"follower" "leader"
	[[ $(bars "$dir/picture.svg" "held by a") == 1 ]]
	at_least 1 "$(bars "$dir/picture.svg" "onElected")"	# that of a is in view where all goes quickly
	! grep -q "<title>demoting" "$dir/picture.svg"
	# The killed leader logs nothing: only the others show when its lock became free.
	timeline 0 -o "$dir/other.svg" "$dir"/{a,b,c}.log
	[[ $(moment "the lock is free") == 0 ]]
	[[ $(grep -c "<path.*stroke-width=\"3\"" "$dir/picture.svg" "$dir/other.svg" | cut -d : -f 2 | xargs) == "1 0" ]]
}

leads_another()
{
	local id

	id=$(key '' | jq -r 'select(.epoch and (.released | not)) | .id') && [[ $id && $id != a ]]
}

@test "a handover: deposed, released, elected" {
	start_candidates
	leader 0 step-down --to c
	timeline 0 --title 'a "<to>" c' A="$dir/a.log" B="$dir/b.log" C="$dir/c.log"
	[[ $(moment "A is deposed") == 0 ]]
	at_least 200 "$(moment "the lock is free")"
	at_most 1000 "$(moment "C is elected")"
	echo "$output" >"$dir/picture.svg"
	expect_picture "$dir/picture.svg" 'a "<to>" c' "C leads"
	(($(bars "$dir/picture.svg" "demoting") == 1 && $(bars "$dir/picture.svg" "onDeposed") == 1))
	leader 0 step-down --to b
	timeline 0 -n 1 "$dir"/{a,b,c}.log
	[[ $stderr == *"c is elected"* ]]
	timeline 0 -n 2 "$dir"/{a,b,c}.log
	[[ $stderr == *"b is elected"* ]]
	timeline 1 -n 3 "$dir"/{a,b,c}.log
	[[ $stderr == *"these logs have 2 changes of leader"* ]]
}

@test "logs with no election in them, or no change of leader, or garbage" {
	echo 'hello {"time": 7} world' >"$dir/x"
	timeline 1 "$dir/x"
	[[ $stderr == *"no events of an election"* ]]
	cat >"$dir/x" <<-'EOF'
		{"time":"2026-01-02T03:04:05.006Z","level":"info","msg":"election db: elected, epoch 5"}
		{"time":"yesterday","level":"info","msg":"election db: elected, epoch 6"}
		{"time":"2026-01-02T03:04:05.007Z","level":"info","msg":17
	EOF
	head -c 1000 /dev/urandom >>"$dir/x"
	timeline 1 "$dir/x"
	[[ $stderr == *"no change of leader"* ]]
	timeline 1 "$dir/nowhere"
	[[ $stderr == *"No such file"* ]]
}
