# The formats and levels of the log.

load jobs

run_with()	# LOGGING
{
	start_pilotfish -l <<-EOF
		logging = { $1 };
		jobs = ( { name = "app"; exec = [ "printf", "a \"quoted\" \\\\\\\\ word\\\\tand a tab\\\\n" ]; } );
	EOF
	wait_exit
	expect_code 0
}

stamp='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z'

@test "text" {
	run_with 'format = "text";'
	expect_log "^$stamp INFO  app started, pid [0-9]+$"
	expect_log "^$stamp INFO  job/app\[[0-9]+\] stdout: a \"quoted\" \\\\ word"$'\t'"and a tab$"
	expect_log "^$stamp INFO  all is stopped, exit code 0$"
	refute_log 'DEBUG'
}

@test "logfmt" {
	run_with 'format = "logfmt";'
	expect_log "^time=$stamp level=info job=app pid=[0-9]+ stream=stdout msg=\"a \\\\\"quoted\\\\\" "
	expect_log "^time=$stamp level=info msg=\"all is stopped, exit code 0\"$"
}

@test "json" {
	run_with 'format = "json"; level = "debug";'
	jq -e -n '[inputs | select(.stream)] | . == [{ time: .[0].time, level: "info",
		msg: "a \"quoted\" \\ word\tand a tab", job: "app", pid: .[0].pid, stream: "stdout" }]' "$dir/main.log"
	jq -e -n '[inputs | select(.msg == "event" and .source == "app") | .event] ==
		["running", "exitSuccess", "draining", "stopped"]' "$dir/main.log"
	[[ $(jq -r .level "$dir/main.log" | sort -u | tr '\n' ' ') == "debug info " ]]
}

@test "our own lines have their subject as fields, in logfmt and JSON" {
	CONSUL_HTTP_ADDR=127.0.0.1:9 start_pilotfish -l <<-'EOF'
		logging = { format = "json"; };
		jobs = ( { name = "app"; exec = "sh -c 'exit 3'"; restarts = 1; backoff = { min = "10ms"; }; },
			 { name = "web"; exec = "sleep 1000"; health = { exec = "true"; interval = 1; }; },
			 { name = "db"; exec = "sleep 1000"; port = 80; interfaces = "static:192.0.2.1"; } );
		templates = ( { name = "t"; contents = "x"; destination = "/dev/null/x"; } );
	EOF
	expect_log "web is healthy"
	expect_log "template t: "
	fields()	# TEXT: the fields of the first line with this text
	{
		jq -c --arg text "$1" 'select(.msg | tostring | startswith($text)) | del(.time, .level, .msg)' "$dir/main.log" |
			sed 's/"pid":[0-9]*/"pid":N/' | head -1
	}
	[[ $(fields 'app started') == '{"job":"app","pid":N,"event":"running"}' ]]
	[[ $(fields 'app ended: exit code 3') == '{"job":"app","pid":N,"event":"exitFailed"}' ]]
	[[ $(fields 'app restarts in') == '{"job":"app"}' ]]
	[[ $(fields 'web is healthy') == '{"job":"web","pid":N,"event":"healthy"}' ]]
	[[ $(fields 'template t: ') == '{"template":"t"}' ]]
	[[ $(fields 'consul at ') == '{}' ]]
	stop_pilotfish
	run_with 'format = "logfmt";'
	expect_log '^time=[^ ]* level=info job=app pid=[0-9]+ event=running msg="app started, pid [0-9]+"$'
}

@test "a child's line that is a JSON object is data, whole and unchanged; all others are text" {
	cat >"$dir/lines" <<-'EOF'
		{"level":"error","n":0.1,"big":12345678901234567890,"s":"a\u0000\"b"}
		{"level":"info", "n": 0.1, "list": [1, {"x": null}], "s": "ä\n"}
		{"a":1}{"b":2}
		{"a":1,"a":2}
		[1,2]
		{"broken":
		{"bad":"\x"}
	EOF
	printf '{"esc":"\033[31m"}\n{"bytes":"\377"}\n' >>"$dir/lines"
	start_pilotfish -l <<-EOF
		logging = { format = "json"; };
		jobs = ( { name = "app"; exec = [ "cat", "$dir/lines" ]; } );
	EOF
	wait_exit
	jq -e -n '[inputs | select(.stream)] | length == 9 and
		([.[] | select(has("data"))] | length == 1) and
		.[1].data == { level: "info", n: 0.1, list: [1, { x: null }], s: "ä\n" } and
		([.[] | select(has("msg") == has("data"))] | length == 0)' "$dir/main.log"
	grep -q '"data":{"level":"info", "n": 0.1, "list": \[1, {"x": null}\], "s": "ä\\n"},"job":"app"' "$dir/main.log"
}

@test "default: the format of ContainerPilot" {
	run_with 'format = "default";'
	expect_log '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}[+-][0-9]{2}:[0-9]{2} app [0-9]+ a "quoted"'
	run_with 'format = "default"; level = "debug";'
	expect_log ' event: \{exitSuccess app\}$'
}

@test "levels; the environment overrides the configuration" {
	run_with 'level = "warn";'
	[[ ! -s $dir/main.log ]]
	export PILOTFISH_LOG_LEVEL=error PILOTFISH_LOG_FORMAT=json
	start_pilotfish -l <<-'EOF'
		logging = { level = "debug"; format = "text"; };
		jobs = ( { name = "app"; exec = "/no/such/file"; } );
	EOF
	wait_exit
	[[ $(jq -r .level "$dir/main.log") == error ]]
}

@test "output to stderr, and to a file that cannot be opened" {
	cat >"$dir/main.conf" <<-'EOF'
		logging = { output = "stderr"; };
		jobs = ( { name = "app"; exec = "echo hello"; } );
	EOF
	[[ -z $("$pilotfish" -c "$dir/main.conf" 2>"$dir/errors") ]]
	grep -q 'stdout: hello' "$dir/errors"
	run -73 "$pilotfish" -c /dev/stdin <<-'EOF'
		logging = { output = "/no/such/folder/log"; };
		jobs = ( { name = "app"; exec = "echo hello"; } );
	EOF
	[[ $output == *"cannot log to /no/such/folder/log: No such file or directory" ]]
}

@test "a job's name and its output cannot forge a record" {
	start_pilotfish -l <<-'EOF'
		logging = { format = "logfmt"; };
		jobs = ( { name = "an app"; exec = [ "printf", "x\" level=error\\r\\rFAKE\\033[31m\\n" ]; } );
	EOF
	wait_exit
	[[ $(count_log 'FAKE') == 1 ]]
	expect_log 'job="an app" .*msg="x\\" level=error\\u000d'
}

# Colours, clipboard (OSC 52), clear screen, C1 in both encodings, NEL, U+2028, a bidirectional mark.
hostile='\033[1;31mred\033[0m \033]52;c;QQ==\007 \033[2J \233x \302\233y \302\205 \342\200\250 \342\200\256z'

print_hostile()		# FORMAT
{
	printf "$hostile\n" >"$dir/hostile"
	start_pilotfish -l <<-EOF
		logging = { format = "$1"; };
		jobs = ( { name = "app"; exec = "cat $dir/hostile"; essential = false; },
			 { name = "bad"; exec = [ "/no/such\\x1b[31mfile\\nFORGED" ]; } );
	EOF
	wait_exit
	[[ $(count_log '^FORGED') == 0 ]]
	! LC_ALL=C grep -qP '\x07|\x1b[^\[]|\x1b\[2J|(?<!\xe2|\x80)[\x80-\x9f](?<!\xe2\x80)x|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xae]' "$dir/main.log"
}

@test "control sequences of a child are escaped, but for colours in text; ours are always" {
	for format in text default; do
		print_hostile "$format"
		LC_ALL=C grep -qaF $'\e[1;31mred\e[0m \\x1b]52;c;QQ==\\x07 \\x1b[2J \\x9bx \\u009by \\u0085 \\u2028 \\u202ez' "$dir/main.log"
		grep -qF '/no/such\x1b[31mfile\nFORGED' "$dir/main.log"
	done
	for format in logfmt json; do
		print_hostile "$format"
		grep -qF '\u001b[1;31mred\u001b[0m \u001b]52;c;QQ==\u0007 \u001b[2J '$'\ufffd''x \u009by \u0085 \u2028 \u202ez' "$dir/main.log"
		grep -qF '/no/such\u001b[31mfile\u000aFORGED' "$dir/main.log"
		! grep -q $'\e' "$dir/main.log"
	done
}

@test "error messages of a command are escaped" {
	run -66 "$pilotfish" check -c $'no\e[2J\302\205file'
	[[ $output == *'no\x1b[2J\u0085file'* ]]
	[[ $output != *$'\e'* ]]
}

# Sets $full, a disk of 64 KiB.
small_disk()
{
	needs_root
	full=$dir/disk
	mkdir "$full"
	mount -t tmpfs -o size=64k tmpfs "$full"
}

is_counting()		# a line is in the log that was written after the mark
{
	local counted

	counted=$(cat "$dir/counted") && [[ $counted ]] || return
	grep -q "\"count $((counted - 1))\"" "$full/log"
}

@test "a log on a full disk: it comes back by itself, with whole lines and the number of lost ones" {
	small_disk
	script count <<-'EOF'
		for ((i = 1; ; i++)); do echo "count $i"; echo $i >"$dir/counted"; read -t 0.02 <> <(:); done
	EOF
	start_pilotfish -l <<-EOF
		logging = { output = "$full/log"; format = "json"; };
		jobs = ( { name = "app"; exec = "$dir/count"; } );
	EOF
	await is_counting
	dd if=/dev/zero of="$full/filler" bs=1k 2>/dev/null || :
	expect_log "^pilotfish: the log $full/log cannot be written, trying again: No space left on device$"
	rm "$full/filler"
	await grep -q 'log records were lost: the log could not be written' "$full/log"
	await is_counting
	[[ $(grep -c 'cannot be written' "$dir/main.log") == 1 ]]
	stop_pilotfish
	expect_code 0
	whole_or_torn=$(jq -R 'try (fromjson | "whole") catch "torn"' "$full/log" | sort | uniq -c | tr -d '\n')
	umount "$full"
	[[ $whole_or_torn == *whole* && $whole_or_torn != *[2-9]' "torn"'* ]] || fail "$whole_or_torn"
}
