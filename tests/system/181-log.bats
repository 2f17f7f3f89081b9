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
	jq -e -n '[inputs | select(.job == "app")] | . == [{ time: .[0].time, level: "info",
		msg: "a \"quoted\" \\ word\tand a tab", job: "app", pid: .[0].pid, stream: "stdout" }]' "$dir/main.log"
	jq -e -n '[inputs | select(.msg == "event" and .source == "app") | .event] ==
		["running", "exitSuccess", "draining", "stopped"]' "$dir/main.log"
	[[ $(jq -r .level "$dir/main.log" | sort -u | tr '\n' ' ') == "debug info " ]]
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
