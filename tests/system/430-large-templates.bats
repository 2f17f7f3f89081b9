# A reload with a template of a million bytes never takes the loop 100 ms in one piece.
# plain

load templates

setup()
{
	skip_if_sanitized		# its library has to be loaded first
}

begin()
{
	template big <<<'{{ env "HOME" }}'
	LONG_TURNS=$dir/turns LD_PRELOAD=$B/tests/long-turns.so start_pilotfish <<-EOT
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		templates = ( $(entry big) );
	EOT
	expect_events "template.big rendered"
	awk 'BEGIN { for (i = 0; i < 24000; i++) print "{{/* a comment of some length */}}{{ 12 }}" }' >"$dir/big.ctmpl"
}

@test "a reload with a template of a million bytes" {
	begin
	signal_pilotfish HUP
	LIMIT=30 expect_log '"reloaded"'
	expect_short_turns "a template of a million bytes"
}

@test "a reload with a template of a million bytes whose end is wrong" {
	begin
	echo '{{ if }}' >>"$dir/big.ctmpl"
	signal_pilotfish HUP
	LIMIT=30 expect_log 'not reloaded.*big.ctmpl:24001'
	expect_short_turns "a template of a million bytes"
}
