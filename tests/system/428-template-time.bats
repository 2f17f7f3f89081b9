# Expensive templates and values: heartbeats and renewals go on, and all files are rendered.
# plain
# serial
# limit 600

load templates
load elections

setup_file()
{
	election_consul
}

setup()
{
	begin_election
}

# KEY: a value on stdin, of any size.
put_large()
{
	cat >"$dir/value"
	[[ $(curl -sS -X PUT --data-binary "@$dir/value" "$consul_address/v1/kv/$1") == true ]]
}

values()
{
	awk 'BEGIN { printf "%524287s%s", "", "x" }' | put_large blanks
	awk 'BEGIN { for (i = 0; i < 4096; i++) printf "abcdefghijklmnopqrstuvwxyz012345" }' | put_large letters
	awk -v round="$1" 'BEGIN { for (i = 45000; i; i--) printf "%06d:%d,", i, round }' | put_large pairs
}

leader()
{
	PRIMARY_ID=c1 start_pilotfish -1 <<-EOF
		consul = "$consul_address";
		jobs = (
		  { name = "db"; exec = [ "$primary", "reign" ]; runs = "election.db"; stopTimeout = "1s"; },
		  { name = "tick"; exec = [ "sh", "-c", "date +%s.%N >>$dir/ticks" ]; when = { interval = "50ms"; }; } );
		elections = ( $(election_of c1) );
		templates = ( $1 );
	EOF
	LIMIT=15 await_primary -n c1
	first=$(workload main)
}

# The same workload leads since the start.
expect_no_harm()
{
	local pause
	[[ $(workload main) == "$first" ]]
	refute_events "election.db deposed"
	expect_reigns --count 1
	pause=$(longest_pause "$dir/ticks")
	echo "# longest pause: $pause ms" >&3
	at_most $((500 * slow)) "$pause"
}

@test "values of 512 KB that are expensive to match, trim and split" {
	local round
	values 0
	template large <<-'EOF'
		{{ $b := key "blanks" }}{{ $l := key "letters" }}{{ $p := splitToMap "," ":" (key "pairs") -}}
		{{ len (regexReplaceAll "\\s+$" "" $b) }} {{ len (regexReplaceAll "[a-z]+@" "" $l) }}
		{{- len (regexReplaceAll "([a-z]|[0-9]|[a-z0-9][a-z0-9])*!" "" $l) }} {{ len (trim $l $l) }} {{ len (trim $b $b) }}
		{{- range loop 40 }}{{ $x := sha256Hex $b }}{{ end }} {{ len $p }} {{ index $p "000001" }}
	EOF
	leader "$(entry large)"
	for round in 0 1 2; do
		values "$round"
		LIMIT=30 expect_file large "524288 131072131072 0 0 45000 $round"
	done
	expect_no_harm
}

@test "templates that compute until their limit" {
	local i
	for i in 1 2 3; do
		template "endless$i" <<<'{{ range loop 1000000 }}{{ range loop 1000 }}{{ $x := sha256Hex (key "k") }}{{ end }}{{ end }}'
	done
	template fine <<<'{{ key "k" }}'
	put k one
	leader "$(entry endless1), $(entry endless2), $(entry endless3), $(entry fine)"
	expect_file fine one
	put k two
	LIMIT=5 expect_file fine two
	LIMIT=90 expect_log 'template.endless1: .*(takes longer|more) than'
	expect_no_harm
}

@test "TERM and a reload while a template computes" {
	template endless <<<'{{ range loop 1000000 }}{{ range loop 1000 }}{{ $x := sha256Hex (key "k") }}{{ end }}{{ end }}'
	put k one
	start_templates <<<"$(entry endless)"
	expect_events "consul healthy"
	signal_pilotfish HUP
	LIMIT=5 expect_log '"reloaded"'
	stop_pilotfish
	expect_code 0
	at_most $((1000 * slow)) "$took"
}

# COUNT: a configuration with a tick every 50 ms, and with so many expensive expressions; 120 take about a second.
heavy()
{
	BIG=$(head -c 100000 /dev/zero | tr '\0' a)
	export BIG
	cat <<-EOF
		# {{ range loop $1 }}{{ \$x := regexReplaceAll "[a-z]+@" "" \$.BIG }}{{ end }}
		jobs = ( { name = "tick"; exec = [ "sh", "-c", "date +%s.%N >>$dir/ticks" ]; when = { interval = "50ms"; }; } );
	EOF
}

expect_ticks()
{
	local pause
	pause=$(longest_pause "$dir/ticks")
	echo "# longest pause: $pause ms" >&3
	at_most $((500 * slow)) "$pause"
}

@test "a configuration that is expensive to render delays no job while it is reloaded" {
	heavy 1 >"$dir/first"
	start_pilotfish <"$dir/first"
	expect_events "tick exitSuccess"
	heavy 120 >"$dir/second"
	mark
	write_config <"$dir/second"
	signal_pilotfish HUP
	LIMIT=30 expect_log '"reloaded"|not reloaded'
	expect_ticks
	stop_pilotfish
	expect_code 0
}

@test "a configuration that computes until its limit is refused, and delays neither jobs nor TERM" {
	heavy 1 >"$dir/first"
	start_pilotfish <"$dir/first"
	expect_events "tick exitSuccess"
	heavy 100000 >"$dir/second"
	write_config <"$dir/second"
	mark
	signal_pilotfish HUP
	LIMIT=30 expect_log 'not reloaded.*(takes longer|more) than'
	expect_ticks
	signal_pilotfish HUP
	stop_pilotfish
	expect_code 0
	at_most $((1000 * slow)) "$took"
}
