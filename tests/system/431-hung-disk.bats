# A disk that does not answer stops neither the loop nor what has nothing to do with that disk.
# plain

load templates

setup_file()
{
	start_consul
}

setup()
{
	skip_if_sanitized		# they have to be loaded first
	mkdir "$dir/hung-disk"
	export STALL_PATH=hung-disk STALL_SECONDS=20
	pulse="{ name = \"pulse\"; exec = [ \"sh\", \"-c\", \"cat /proc/uptime >>$dir/pulse\" ]; when = { interval = \"100ms\"; }; timeout = \"5s\"; }"
}

# Starts pilotfish with these entries of `templates`; it writes the time every 100 ms.
start_on_hung_disk()
{
	templates_config "$pulse" >"$dir/main.conf"
	current=main
	LD_PRELOAD=$B/tests/stall-disk.so PILOTFISH_LOG_LEVEL=debug PILOTFISH_LOG_FORMAT=json \
		start_program main "$pilotfish" -c "$dir/main.conf"
	pid=$(pid_of main)
}

has_pulses() { (($(wc -l <"$dir/pulse") >= $1)); }

# The loop is not late, and the end does not wait for the disk.
expect_alive()
{
	await has_pulses $(($(wc -l <"$dir/pulse") + 10))
	stop_pilotfish
	expect_code 0
	at_most 5000 "$took"
	at_most 1500 "$(longest_pause "$dir/pulse")"
}

@test "the destination of a template: other templates are written, and the log says what hangs" {
	put disk/key one
	template other <<<'{{ key "disk/key" }}'
	STALL_OPEN=1 start_on_hung_disk <<-EOF
		{ name = "hung"; source = "$dir/other.ctmpl"; destination = "$dir/hung-disk/file"; },
		$(entry other)
	EOF
	expect_file other one
	put disk/key two
	expect_file other two
	LIMIT=20 expect_log "writing $dir/hung-disk/file takes longer than 10s: its disk does not answer"
	[[ ! -e $dir/hung-disk/file ]]
	expect_alive
}

@test "a disk that answers late: the file is written then, with the last value" {
	put late/key one
	template late <<<'{{ key "late/key" }}'
	STALL_SECONDS=2 STALL_OPEN=1 start_on_hung_disk <<-EOF
		{ name = "late"; source = "$dir/late.ctmpl"; destination = "$dir/hung-disk/file"; }
	EOF
	put late/key two
	LIMIT=60 expect_file hung-disk/file two
	stop_pilotfish
	expect_code 0
	[[ $(ls -A "$dir/hung-disk") == file ]]
}

@test "a file that a template reads" {
	echo content >"$dir/hung-disk/read"
	put read/key one
	template other <<<'{{ key "read/key" }}'
	template reader <<<"{{ file \"$dir/hung-disk/read\" }}"
	STALL_OPEN=1 start_on_hung_disk <<<"$(entry reader), $(entry other)"
	expect_file other one
	put read/key two
	expect_file other two
	expect_alive
}

@test "the file of the log" {
	put log/key one
	template other <<<'{{ key "log/key" }}'
	header="logging = { output = \"$dir/hung-disk/log\"; };"
	STALL_WRITE=1 start_on_hung_disk <<<"$(entry other)"
	expect_file other one
	expect_alive
}
