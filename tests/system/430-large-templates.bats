# A reload with a template of a million bytes never takes the loop 100 ms in one piece.

load templates
load measure

setup()
{
	skip_if_sanitized		# its library has to be loaded first
}

# The time is the processor's, so other processes do not count.
expect_short_turns()
{
	local longest
	longest=$(($(<"$dir/turns")))
	echo "# figure: the longest turn with a template of a million bytes: $((longest / 1000)) ms" >&3
	at_most 100000 "$longest"
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
	expect_short_turns
}

@test "a reload with a template of a million bytes whose end is wrong" {
	begin
	echo '{{ if }}' >>"$dir/big.ctmpl"
	signal_pilotfish HUP
	LIMIT=30 expect_log 'not reloaded.*big.ctmpl:24001'
	expect_short_turns
}
