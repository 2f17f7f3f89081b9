# jobs.bash - for the tests of jobs: lib.bash, and functions that read the log.
#
#   script NAME <<'EOF'     a bash script $dir/NAME; it knows $dir
#   said JOB                prints the job's output, line by line
#   job_pid JOB             the pid of its last run
#   time_of "app running" [N]   time of that event (its N-th occurrence), in milliseconds
#   between EVENT EVENT     the milliseconds from the first to the second
#   lives PID, gone PID
#   field NAME              that field of a /proc/PID/status on stdin
#   signal_again            sends a second SIGTERM that counts as one, and waits for the end
#   count_log REGEX         prints how many lines of the log match
#   has_line FILE TEXT      succeeds if the file has such a line
#   needs_root              skips the test unless we are root

load lib
export dir
helpers=$BATS_TEST_DIRNAME/helpers

script()
{
	{ echo '#!/bin/bash'; cat; } >"$dir/$1"
	chmod +x "$dir/$1"
}

said()
{
	jq -rR --arg job "$1" 'fromjson? | select(.job == $job and .stream) |
		.msg // (.data | tojson)' "$dir/$current.log"
}

job_pid()
{
	jq -rR --arg job "$1" 'fromjson? | .msg | capture("^(?<job>[^ ]+) started, pid (?<pid>[0-9]+)$")? |
		select(.job == $job) | .pid' "$dir/$current.log" | tail -n 1
}

time_of()
{
	jq -rR --arg event "$1" --argjson n "${2:-1}" -n '
		[inputs | fromjson? | select(.msg == "event" and "\(.source) \(.event)" == $event) | .time][$n - 1] |
		(sub("\\.[0-9]+Z$"; "Z") | fromdate) * 1000 + (capture("\\.(?<ms>[0-9]+)Z").ms | tonumber)
		' "$dir/$current.log"
}

between()
{
	echo $(($(time_of "$2") - $(time_of "$1")))
}

lives()
{
	[[ -n $1 ]] && kill -0 "$1" 2>/dev/null
}

gone()
{
	[[ -n $1 ]] && ! kill -0 "$1" 2>/dev/null
}

field()
{
	awk -v field="$1:" '$1 == field { print $2 }'
}

# Signals within a second are one request.
signal_again()
{
	local first

	first=$(now)
	while (($(now) <= first + 1000)); do sleep 0.05; done
	signal_pilotfish TERM
	wait_exit
}

count_log()
{
	grep -cE "$1" "$dir/$current.log" || true
}

has_line()		# FILE TEXT
{
	grep -qxF -- "$2" "$1" 2>/dev/null
}

needs_root()
{
	((EUID == 0)) || skip "needs root"
}
