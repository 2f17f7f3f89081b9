# onChange is retried when it fails, runs once for many changes, and delays nothing else.

load lib
load measure

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
}

# Writes a hook of these lines of shell.
hook()
{
	{ echo '#!/bin/bash'; cat; } >"$dir/hook"
	chmod +x "$dir/hook"
}

watch()
{
	start_pilotfish <<-EOF
		consul = "$consul_address"; stopTimeout = "4s";
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = "true"; interval = "50ms"; failures = 40; }; } );
		watches = ( { name = "$1"; onChange = ${2:-\"$dir/hook\"}; } );
	EOF
}

@test "a failed run is retried until it succeeds, with the changes since the last success" {
	hook <<-EOF
		{ cat; echo; } >>$dir/documents
		lines=\$(wc -l <$dir/documents)
		((lines == 1 || lines >= 4))
	EOF
	register retried retried-1 81
	watch retried
	expect_events "retried.onChange exitSuccess"
	register retried retried-2 82
	expect_events "retried.onChange exitFailed" "retried.onChange exitFailed" "retried.onChange exitSuccess"
	[[ $(count_events "watch.retried changed") == 2 ]]
	# Each try got the same document.
	[[ $(sed -n '2,4p' "$dir/documents" | jq -c '[.added[].id]' | sort -u) == '["retried-2"]' ]]
	# The next change is relative to the success.
	register retried retried-3 83
	expect_events "retried.onChange exitSuccess"
	[[ $(sed -n 5p "$dir/documents" | jq -c '[.added[].id]') == '["retried-3"]' ]]
}

@test "newer data do not wait for the backoff" {
	hook <<-EOF
		{ cat; echo; } >>$dir/documents
		grep -q newer-3 <(tail -n 1 $dir/documents)
	EOF
	register newer newer-1 81
	watch newer "{ exec = \"$dir/hook\"; backoff = { min = \"20s\"; max = \"20s\"; }; }"
	expect_events "newer.onChange exitFailed"
	register newer newer-2 82
	LIMIT=5 expect_events "watch.newer changed" "newer.onChange exitFailed"
	register newer newer-3 83
	LIMIT=5 expect_events "watch.newer changed" "newer.onChange exitSuccess"
	[[ $(sed -n 3p "$dir/documents" | jq -c '[.added[].id]') == '["newer-1","newer-2","newer-3"]' ]]
}

@test "changes during a run are one more run, with the last state" {
	hook <<-EOF
		{ cat; echo; } >>$dir/documents
		: >$dir/running
		until [[ -e $dir/go ]]; do read -rt 0.02 <> <(:); done
		exit 0
	EOF
	watch burst
	await [ -e "$dir/running" ]
	for i in 1 2 3 4 5 6; do
		register burst "burst-$i" "$i"
	done
	await seen_all
	touch "$dir/go"
	expect_events "burst.onChange exitSuccess" "burst.onChange running" "burst.onChange exitSuccess"
	[[ $(wc -l <"$dir/documents") == 2 ]]
	[[ $(sed -n 2p "$dir/documents" | jq -c '[.added[].id]') == \
		'["burst-1","burst-2","burst-3","burst-4","burst-5","burst-6"]' ]]
}

seen_all()
{
	(($(count_events "watch.burst changed") >= 6))
}

@test "a hook that hangs is killed after its timeout and retried, and delays nothing else" {
	hook <<-EOF
		echo \$\$ >>$dir/pids
		trap '' TERM
		[[ -e $dir/well ]] || while :; do sleep 1003; done
	EOF
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = "true"; interval = "50ms"; failures = 40; }; } );
		watches = ( { name = "hung"; onChange = { exec = "$dir/hook"; timeout = "700ms"; }; },
			    { name = "prompt"; key = "prompt"; onChange = "true"; } );
	EOF
	await [ -s "$dir/pids" ]
	expect_log '"prompt.onChange","event":"exitSuccess"'
	consul_put /v1/kv/prompt 1
	expect_events "watch.prompt changed" "prompt.onChange exitSuccess" "hung.onChange exitFailed"
	at_least 650 "$(between "hung.onChange running" "hung.onChange exitFailed")"
	at_least $((8 / slow)) "$(count_events "app.health exitSuccess")"
	expect_log 'hung.onChange timeout after 700ms'
	touch "$dir/well"
	expect_events "hung.onChange exitSuccess"
	[[ ! -e /proc/$(head -n 1 "$dir/pids") ]]
}

@test "a hook that hangs and ignores SIGTERM delays the end by no more than the stop allows" {
	hook <<-EOF
		: >$dir/running
		trap '' TERM
		while :; do sleep 1004; done
	EOF
	watch stuck
	await [ -e "$dir/running" ]
	stop_pilotfish
	expect_code 0 137
	at_most 4000 "$took"
	await no_process sleep 1004
}

no_process()
{
	! ps ax -o args= | grep -qx "$*"
}

@test "a hook that need not read its standard input" {
	hook <<<'exit 0'
	register deaf deaf-1 81
	watch deaf
	expect_events "deaf.onChange exitSuccess"
	register deaf deaf-2 82
	expect_events "deaf.onChange exitSuccess"
	refute_events "deaf.onChange exitFailed"
}

@test "a hook may read the document twice" {
	hook <<-EOF
		cat >$dir/once
		cat /dev/stdin >$dir/again
		cat /proc/self/fd/0 >$dir/again
		: >$dir/done
	EOF
	register twice twice-1 81
	watch twice
	await [ -e "$dir/done" ]
	jq -e '.instances | length == 1' "$dir/once"
	cmp "$dir/once" "$dir/again"
}

@test "a document far larger than a pipe" {
	hook <<-EOF
		sleep 0.1
		cat >$dir/document
		: >$dir/done
	EOF
	python3 -c "print('x' * 400000, end='')" >"$dir/value"
	for i in 1 2 3; do
		curl -sS --fail --data-binary "@$dir/value" -X PUT "$consul_address/v1/kv/large/$i"
	done
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { name = "large"; prefix = "large/"; onChange = "$dir/hook"; } );
	EOF
	await [ -e "$dir/done" ]
	jq -e '.keys | length == 3 and all(.value | length == 400000)' "$dir/document"
}

@test "a change is seen within milliseconds" {
	hook <<<"date +%s%3N >>$dir/times"
	watch blink
	expect_events "blink.onChange exitSuccess"
	for i in 1 2 3 4 5; do
		began=$(now)
		register blink "blink-$i" "$i"
		expect_events "watch.blink changed" "blink.onChange exitSuccess"
		at_most 300 $(($(tail -n 1 "$dir/times") - began))
	done
}
