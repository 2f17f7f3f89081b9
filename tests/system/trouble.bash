# trouble.bash - a pilotfish in trouble with Consul, and what must hold in any trouble.
#
#   begin_trouble ADDRESS [CONSUL-KEYS]    starts a pilotfish that registers `app`, checked every 50 ms with a TTL of
#                                          1 s, and watches `db`; documents go to $dir/documents.  Waits until both
#                                          work, and sets the marks
#   begin_fake_trouble                     the same with a fake Consul that has two instances of db
#   go_on [N]                              until N (20) more health checks of app have passed
#   expect_unharmed                        since the mark: no job ended, no instance was lost, nothing used much CPU,
#                                          each state was logged once
#   instances                              prints the instances of the last document
#   play MODE REGEX                        the fake Consul misbehaves for a second until the log matches REGEX, then
#                                          recovers with changed data
#   recover                                the fake Consul recovers with changed data

begin_trouble()
{
	start_pilotfish <<-EOF
		consul = { address = "$1"; ${2-} };
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; interfaces = "static:192.0.2.1";
			   health = { exec = "true"; interval = "50ms"; failures = 40; ttl = "1s"; }; } );
		watches = ( { name = "db"; onChange = [ "sh", "-c", "{ cat; echo; } >>$dir/documents" ]; } );
	EOF
	expect_events "watch.db healthy" "db.onChange exitSuccess"
	consul_address=${1/#unix*/$consul_address} await_passing app 1
	mark
	trouble_began=$(now) trouble_cpu=$(cpu_of "$pid")
}

begin_fake_trouble()
{
	start_fake_consul
	fake service '{ "ID": "db-1", "Service": "db", "Port": 5431 }'
	fake service '{ "ID": "db-2", "Service": "db", "Port": 5432 }'
	begin_trouble "$fake_address"
}

go_on()
{
	local goal=$(($(checks_passed) + ${1:-20}))

	await have_passed "$goal"
}

have_passed()
{
	(($(checks_passed) >= $1))
}

checks_passed()
{
	grep -c '"app.health","event":"exitSuccess"' "$dir/$current.log"
}

complaints()		# warnings and errors logged since the mark
{
	local start

	start=$(cat "$dir/$current.mark" 2>/dev/null || echo 0)
	tail -c +$((start + 1)) "$dir/$current.log" |
		jq -rR 'fromjson? | select(.level == "warn" or .level == "error") | .msg'
}

expect_unharmed()
{
	local spent=$(($(cpu_of "$pid") - trouble_cpu)) took=$(($(now) - trouble_began)) twice

	refute_events "app exitSuccess" "app exitFailed" "app unhealthy" "watch.db unhealthy"
	[[ ! -e $dir/documents ]] || jq -es "all(.instances != [])" "$dir/documents" >/dev/null || fail "the set was emptied"
	at_least $((took / 100 / slow)) "$(count_events "app.health exitSuccess")"
	# A check takes 0.1 to 0.2 ms of CPU, more on a busy machine.
	at_most $((took / 5)) "$spent"
	twice=$(complaints | sort | uniq -d)
	[[ ! $twice ]] || fail "logged twice: $twice"
	at_most 3 "$(complaints | wc -l)"
}

instances()
{
	tail -n 1 "$dir/documents" | jq -c '[.instances[].id]'
}

play()
{
	local mode=$1 words=$2

	fake forget
	fake mode "{ \"mode\": \"$mode\" }"
	go_on
	[[ ! $words ]] || expect_log "$words"
	[[ $(instances) == '["db-1","db-2"]' ]]
	# Refused requests are retried at most ten times a second.
	at_most $((12 + ($(now) - trouble_began) / 90)) "$(fake "requests?path=/v1/health" | jq length)"
	recover
	expect_unharmed
}

recover()
{
	fake service '{ "ID": "db-3", "Service": "db", "Port": 5433 }'
	fake mode '{ "mode": "ok" }'
	LIMIT=15 expect_events "watch.db changed" "db.onChange exitSuccess"
	[[ $(instances) == '["db-1","db-2","db-3"]' ]]
	consul_address=$fake_address await_passing app 1
}
