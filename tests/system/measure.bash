# measure.bash - times and numbers that tests compare.
#
#   time_of EVENT [N]        milliseconds since 1970 of the Nth such event since the mark; N: 1
#   between EVENT EVENT      milliseconds from the first occurrence of one to the first of the other
#   at_least N VALUE, at_most N VALUE
#   count_log REGEX          prints how many lines of the log match since the mark
#   cpu_of PID               milliseconds of CPU time used
#   rss_of PID               peak resident memory in kB
#   longest_pause FILE       milliseconds between two lines of FILE, which begin with a time in seconds
#   expect_short_turns WHAT  no turn of the event loop that helpers/long-turns.c saw took more than 100 ms

time_of()
{
	local stamp

	stamp=$(list_events | awk -v event="$1" -v n="${2:-1}" '$2 " " $3 == event && !--n { print $1 }')
	[[ $stamp ]] || { fail "no event '$1'"; return; }
	date -d "$stamp" +%s%3N
}

between()
{
	echo $(($(time_of "$2") - $(time_of "$1")))
}

at_least()
{
	(($2 >= $1)) || fail "$2, not at least $1"
}

at_most()
{
	(($2 <= $1 * slow)) || fail "$2, not at most $1"
}

count_log()
{
	local start=0

	[[ ! -e $dir/$current.mark ]] || start=$(cat "$dir/$current.mark")
	tail -c +$((start + 1)) "$dir/$current.log" | grep -cE -- "$1" || true
}

cpu_of()
{
	local fields

	read -r -a fields <"/proc/$1/stat"
	echo $(((fields[13] + fields[14]) * 10))
}

rss_of()
{
	awk '/^VmHWM/ { print $2 }' "/proc/$1/status"
}

longest_pause()
{
	awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { printf "%d\n", 1000 * most }' "$1"
}

# The time is the processor's, so other processes do not count.
expect_short_turns()
{
	local longest

	longest=$(($(<"$dir/turns")))
	echo "# figure: the longest turn with $1: $((longest / 1000)) ms" >&3
	at_most 100000 "$longest"
}
