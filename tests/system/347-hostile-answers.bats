# Hostile answers of all kinds (helpers/hostile-consul has the table): nothing changes, nothing falls, nothing waits.
#
# serial unless sanitized

load templates

hostile()
{
	curl -sS --noproxy '*' --max-time 10 "http://127.0.0.1:$port/fake/$1"
}

none_left()
{
	[[ $(hostile left) == 0 ]]
}

passed()
{
	(($(count_events "app.health exitSuccess") >= $1))
}

@test "each row of the table, to forty watches and a template" {
	start_program hostile "$lib/helpers/hostile-consul"
	await test -s "$dir/hostile.log"
	port=$(head -n 1 "$dir/hostile.log")
	template file <<<'{{ range service "s0" }}{{ .Port }}{{ end }} {{ keyOrDefault "k0" "DEF" }} {{ keyExists "k1" }} {{ len (ls "k2") }}'
	{
		echo "consul = { address = \"127.0.0.1:$port\"; memory = \"16M\"; settle = \"2s\"; };"
		echo 'jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; interfaces = "static:192.0.2.1";'
		echo '  health = { exec = "true"; interval = "50ms"; failures = 40; ttl = "2s"; }; } );'
		echo "templates = ( $(entry file) );"
		echo 'watches = ( { name = "s0"; }, { name = "k0"; key = "k0"; }'
		printf ', { name = "s%d"; }, { name = "k%d"; key = "k%d"; }' $(for n in {1..19}; do echo "$n $n $n"; done)
		echo ');'
	} | start_pilotfish
	pid=$(pid_of main)
	expect_events "watch.s0 healthy" "template.file rendered"
	[[ $(<"$dir/file") == "1 1 true "* ]]
	await all_changed 1
	hostile begin
	LIMIT=100 await none_left
	# Sets that a row has marked as doubtful settle first.
	LIMIT=60 await has_changed_file
	LIMIT=60 await all_changed 2	# no row counts
	refute_events "app exitFailed" "app unhealthy" "watch.s0 unhealthy" "watch.k0 unhealthy"
	peak=$(rss_of "$pid")
	[[ $sanitized ]] || at_most 50000 "$peak"
	at_least 20 "$(count_events "app.health exitSuccess")"
	stop_pilotfish
	expect_code 0
	at_most $((2500 * slow)) "$took"
	echo "# figure: RSS $peak KiB at most" >&3
}

has_changed_file()
{
	[[ $(<"$dir/file") == "2 2 true "* ]]
}

all_changed()		# TIMES
{
	local n

	for n in {0..19}; do
		(($(count_events "watch.s$n changed") == $1 && $(count_events "watch.k$n changed") == $1)) || return
	done
}
