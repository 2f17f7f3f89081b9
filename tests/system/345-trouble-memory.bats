# Memory for answers has one limit, consul.memory, and large answers leave nothing behind.
#
# plain
# serial unless sanitized

load lib
load jobs
load measure

rss()		# KiB now
{
	awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"
}

peak()
{
	awk '/^VmHWM/ { print $2 }' "/proc/$pid/status"
}

begin()		# [CONSUL-KEYS]: 40 watches of a fake Consul
{
	start_fake_consul
	fake service '{ "ID": "db-1", "Service": "db", "Port": 5431 }'
	{
		echo "consul = { address = \"$fake_address\"; ${1-} };"
		echo 'jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; interfaces = "static:192.0.2.1";'
		echo '  health = { exec = "true"; interval = "50ms"; failures = 40; ttl = "2s"; }; } );'
		echo 'watches = ( { name = "db"; }'
		printf ', { name = "s%d"; }' {1..39}
		echo ');'
	} | start_pilotfish
	pid=$(pid_of main)
	expect_events "watch.db healthy"
	await all_known
	before=$(rss)
	mark
}

all_known()
{
	(($(grep -c '"source":"watch[^"]*","event":"changed"' "$dir/main.log") == 40))
}

passed()
{
	(($(count_events "app.health exitSuccess") >= $1))
}

misbehave()
{
	fake mode "{ \"mode\": \"$1\", \"path\": \"/v1/health/service\" }"
}

stops_in_time()
{
	stop_pilotfish
	expect_code 0
	at_most $((2500 * slow)) "$took"
	echo "# figure: $1: RSS $before KiB before, $high KiB at most, exit after $took ms" >&3
}

@test "endless answers to 40 watches: within the budget, and SIGTERM is served" {
	begin 'memory = "64M"'
	misbehave endless
	LIMIT=20 expect_log 'consul cannot serve watch.*: an answer that exceeds consul.memory = 64M'
	LIMIT=60 await passed 60
	refute_events "app unhealthy"
	high=$(peak)
	[[ $sanitized ]] || at_most $((before + 65536 + 10240)) "$high"
	# Others are served.
	fake mode '{ "mode": "endless", "path": "/v1/health/service/s" }'
	fake service '{ "ID": "db-2", "Service": "db", "Port": 5432 }'
	LIMIT=20 expect_events "watch.db changed"
	stops_in_time endless
}

@test "endless answers, then sane ones: the memory is returned" {
	begin 'memory = "16M"'
	misbehave endless
	LIMIT=20 expect_log 'consul cannot serve watch.*: an answer that exceeds consul.memory = 16M'
	LIMIT=60 await passed 20
	high=$(peak)
	[[ $sanitized ]] || at_most $((before + 16384 + 10240)) "$high"
	fake mode '{ "mode": "ok" }'
	LIMIT=40 expect_log 'consul serves watch'
	[[ $sanitized ]] || LIMIT=40 await is_small
}

is_small()
{
	(($(rss) <= before + 4096))
}

@test "JSON that would become a huge tree is not parsed" {
	begin 'memory = "64M"'
	misbehave zeros
	LIMIT=30 expect_log 'consul cannot serve watch.*: an answer (that|whose JSON) exceeds consul.memory = 64M'
	LIMIT=60 await passed 40
	refute_events "app unhealthy"
	high=$(peak)
	[[ $sanitized ]] || at_most $((before + 65536 + 10240)) "$high"
	stops_in_time zeros
}

@test "JSON that is nested without end" {
	begin 'memory = "200M"'
	fake mode '{ "mode": "deep", "path": "/v1/health/service/db", "count": 1 }'
	LIMIT=30 expect_log 'consul cannot serve watch.db: JSON of more than 64 levels'
	LIMIT=60 await passed 40
	refute_events "app unhealthy"
	high=$(peak)
	stops_in_time deep
}

put_large_keys()
{
	python3 - "$consul_address" <<-'EOF'
		import sys, urllib.request
		opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
		for n in range(90):
		    opener.open(urllib.request.Request(f"{sys.argv[1]}/v1/kv/big/{n}", b"%02d" % n * 250000, method="PUT"), timeout=30).read()
	EOF
}

@test "90 keys of 500 KB that vanish leave no memory behind" {
	start_consul --config '{"log_level": "warn"}'
	start_pilotfish <<-EOF
		consul = { address = "$consul_address"; memory = "300M"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { name = "big"; prefix = "big/"; } );
	EOF
	expect_events "watch.big unhealthy"
	before=$(rss)
	put_large_keys
	LIMIT=20 await has_all 90
	high=$(peak)
	consul_request DELETE '/v1/kv/big/?recurse' >/dev/null
	LIMIT=20 expect_events "watch.big unhealthy"
	[[ $sanitized ]] || LIMIT=20 await is_small
	echo "# figure: 90 keys: RSS $before KiB before, $high KiB at most, $(rss) KiB after" >&3
}

has_all()
{
	(($(peak) > 120000))
}

@test "90 keys of 500 KB exceed the budget: said so, and the others go on" {
	start_consul --config '{"log_level": "warn"}'
	put_large_keys
	start_pilotfish <<-EOF
		consul = { address = "$consul_address"; memory = "64M"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { name = "big"; prefix = "big/"; }, { name = "small"; key = "small"; } );
	EOF
	LIMIT=20 expect_log 'consul cannot serve watch.big: an answer (that|whose JSON) exceeds consul.memory = 64M'
	consul_put /v1/kv/small 1
	LIMIT=20 expect_events "watch.small healthy"
	high=$(peak)
	[[ $sanitized ]] || at_most $((65536 + 20480)) "$high"
	refute_events "watch.big changed"
}
