# Ten thousand instances of a service never take the loop 100 ms in one piece.
# plain
# serial

load templates

setup()
{
	skip_if_sanitized		# its library has to be loaded first
	start_consul --data --config '{"log_level": "warn"}'
	"$BATS_TEST_DIRNAME/helpers/fill-consul" "$consul_address" 10000 many
}

start()
{
	LONG_TURNS=$dir/turns LD_PRELOAD=$B/tests/long-turns.so start_pilotfish
}

change()		# ID: another port
{
	[[ $(curl -s --max-time 30 -X PUT "$consul_address/v1/catalog/register" -d "{
		\"Node\": \"many\", \"Address\": \"192.0.2.1\",
		\"Service\": { \"ID\": \"$1\", \"Service\": \"many\", \"Port\": 81 } }") == true ]]
}

has_lines()
{
	(($(wc -l <"$dir/seen") >= $1))
}

@test "a template of ten thousand instances" {
	template many <<<'{{ range service "many" }}{{ .ID }}:{{ .Port }}
{{ end }}'
	start <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		templates = ( $(entry many) );
	EOF
	LIMIT=60 expect_events "template.many rendered"
	[ "$(grep -c :80 "$dir/many")" = 10000 ]
	change s0005-1
	LIMIT=60 await grep -qx s0005-1:81 "$dir/many"
	expect_short_turns "a template of ten thousand instances"
}

@test "a watch of ten thousand instances, whose hook reads them" {
	start <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { name = "many"; onChange = [ "sh", "-c",
			"jq -r '[.event, (.instances | length), (.modified | length)] | join(\" \")' >>$dir/seen" ]; } );
	EOF
	touch "$dir/seen"
	LIMIT=60 await grep -qx 'changed 10000 0' "$dir/seen"
	change s0005-1
	LIMIT=60 await grep -qx 'changed 10000 1' "$dir/seen"
	# After a restart the answers are compared with what was known.
	restart_consul
	LIMIT=60 expect_log 'consul at .* answers again'
	change s0006-1
	LIMIT=60 await has_lines 3
	expect_short_turns "a watch of ten thousand instances"
}
