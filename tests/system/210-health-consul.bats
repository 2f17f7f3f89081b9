# The health of a job as Consul shows it.

load lib
load measure

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
}

check_of()		# the check of service app, a field of it
{
	consul_get /v1/agent/checks | jq -r ".[] | select(.ServiceName == \"$1\") | .$2"
}

has_output()
{
	[[ $(check_of "$1" Output) =~ $2 ]]
}

@test "critical is pushed at once, whatever the TTL, and so is passing" {
	touch "$dir/well"
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "push"; exec = "sleep 1000"; port = 80;
			   health = { exec = "test -e $dir/well"; interval = "100ms"; ttl = "30s"; }; } );
	EOF
	await_passing push 1
	began=$(now)
	rm "$dir/well"
	await_passing push 0
	at_most 1000 $(($(now) - began))
	await_checks push critical 1
	touch "$dir/well"
	began=$(now)
	await_passing push 1
	at_most 1000 $(($(now) - began))
}

@test "a warning is a warning in Consul, not passing" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "warn"; exec = "sleep 1000"; port = 80;
			   health = { exec = [ "sh", "-c", "echo low on disk; exit 1" ];
				      interval = "1s"; ttl = "30s"; warning = true; }; } );
	EOF
	await_checks warn warning 1
	await_passing warn 0
	await has_output warn '^low on disk'
}

@test "Consul shows output and duration of the last check" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "words"; exec = "sleep 1000"; port = 80;
			   health = { exec = [ "sh", "-c", "echo one; sleep 0.1; echo two >&2; sleep 0.1; test -e $dir/well" ];
				      interval = "500ms"; ttl = "30s"; }; } );
	EOF
	await has_output words $'^one\ntwo\n+\(took [0-9.]+ms\)$'
	await_checks words critical 1
	took=$(check_of words Output | sed -n 's/.*took \([0-9]*\)[.0-9]*ms.*/\1/p')
	at_least 200 "$took"
	at_most 480 "$took"
}

@test "long output is cut at a character, to the size that Consul keeps" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "long"; exec = "sleep 1000"; port = 80;
			   health = { exec = [ "python3", "-c", "print('x' + 'ä' * 9000)" ];
				      interval = "20s"; ttl = "30s"; }; } );
	EOF
	await_passing long 1
	await has_output long '^xää'
	check_of long Output >"$dir/output"
	(($(stat -c %s "$dir/output") <= 4097))	# with the newline at the end
	at_least 4000 "$(stat -c %s "$dir/output")"
	iconv -f UTF-8 -t UTF-8 "$dir/output" >/dev/null
	! grep -q captured "$dir/output"
	has_output long 'ä.?\(took '
}

@test "output that is not text does not keep the verdict from Consul" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "bytes"; exec = "sleep 1000"; port = 80;
			   health = { exec = [ "printf", "a\\\\377\\\\000b\\\\001" ]; interval = "5s"; ttl = "30s"; }; } );
	EOF
	await_passing bytes 1
	await has_output bytes .
}

@test "the response to an http check is shown" {
	printf '503\nno database\n' >"$dir/answer"
	free_port
	start_program web "$lib/helpers/web.py" "$port" "$dir/answer"
	await_port "$port"
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "http"; exec = "sleep 1000"; port = 80;
			   health = { http = "http://127.0.0.1:$port/"; interval = "1s"; ttl = "30s"; }; } );
	EOF
	await has_output http '^HTTP 503: no database'
	await_checks http critical 1
}

@test "a check that hangs makes the service critical after its timeout, with that reason" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "hung"; exec = "sleep 1000"; port = 80; initialStatus = "passing";
			   health = { exec = [ "sh", "-c", "echo so far; sleep 1000" ];
				      interval = "1s"; timeout = "700ms"; ttl = "30s"; }; } );
	EOF
	await_passing hung 1
	await_checks hung critical 1
	has_output hung $'^timed out after 700ms\nso far'
}

@test "a heartbeat every third of the TTL, with a far longer interval" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "beat"; exec = "sleep 1000"; port = 80;
			   health = { exec = "true"; interval = "1h"; ttl = "1s"; }; } );
	EOF
	await_passing beat 1
	LIMIT=$((4 / slow)) run ! await_passing beat 0	# four TTLs
	[[ $(count_events "beat.health exitSuccess") == 1 ]]
}

@test "with a far shorter interval only the heartbeat is sent" {
	start_fake_consul
	start_pilotfish <<-EOF
		consul = "$fake_address";
		jobs = ( { name = "beat"; exec = "sleep 1000"; port = 80;
			   health = { exec = "true"; interval = "100ms"; ttl = "3s"; }; } );
	EOF
	expect_events "beat healthy"
	fake "wait?path=/v1/agent/check/update&count=6" >"$dir/beats"	# two or three at the start
	jq -e '.[-1].at - .[-3].at | . > 1.8 and . < 3' "$dir/beats"
	jq -e 'map(.body | fromjson | .Status) | .[1:] | all(. == "passing")' "$dir/beats"
	at_least $((20 / slow)) "$(count_events "beat.health exitSuccess")"
}

@test "critical is repeated as well" {
	start_fake_consul
	start_pilotfish <<-EOF
		consul = "$fake_address";
		jobs = ( { name = "beat"; exec = "sleep 1000"; port = 80;
			   health = { exec = "false"; interval = "1h"; ttl = "1s"; }; } );
	EOF
	fake "wait?path=/v1/agent/check/update&count=5" |
		jq -e 'map(.body | fromjson | .Status) | all(. == "critical")'
}

@test "the newest verdict is sent, not one that waited" {
	start_fake_consul
	touch "$dir/well"
	start_pilotfish <<-EOF
		consul = "$fake_address";
		jobs = ( { name = "slow"; exec = "sleep 1000"; port = 80;
			   health = { exec = "test -e $dir/well"; interval = "50ms"; ttl = "10s"; }; } );
	EOF
	expect_events "slow healthy"
	fake "wait?path=/v1/agent/check/update&count=1" >/dev/null
	# The next update gets no response; meanwhile the verdict changes twice.
	fake mode '{"mode": "hang", "path": "/v1/agent/check"}'
	rm "$dir/well"
	expect_events "slow unhealthy"
	fake "wait?path=/v1/agent/check/update&count=2" >/dev/null
	touch "$dir/well"
	expect_events "slow healthy" "slow.health exitSuccess" "slow.health exitSuccess"
	fake mode '{"mode": "ok"}'
	consul_address=$fake_address await_passing slow 1
}

@test "pilotfish killed with its container: critical when the TTL has expired" {
	start_pilotfish -1 <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "killed"; exec = "sleep 1000"; port = 80;
			   health = { exec = "true"; interval = "100ms"; ttl = "2s"; }; } );
	EOF
	await_passing killed 1
	began=$(now)
	signal_pilotfish KILL
	await_passing killed 0
	at_least 1200 $(($(now) - began))
	at_most 3000 $(($(now) - began))
	await_checks killed critical 1
}

@test "a process that is restarted leaves traffic, but stays in the catalogue" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "again"; exec = [ "sh", "-c", "echo \$\$ >$dir/app; exec sleep 1000" ]; port = 80;
			   restarts = "unlimited"; backoff = { min = "3s"; };
			   health = { exec = "true"; interval = "100ms"; ttl = "30s"; }; } );
	EOF
	await_passing again 1
	index=$(consul_get /v1/health/service/again | jq '.[0].Service.CreateIndex')
	kill -KILL "$(<"$dir/app")"
	await_passing again 0
	has_output again 'again is not running'
	await_passing again 1
	[[ $(consul_get /v1/health/service/again | jq '.[0].Service.CreateIndex') == "$index" ]]
	refute_log 'deregistered'
}

@test "without a check: passing while the process runs, critical while it does not" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "plain"; exec = [ "sh", "-c", "echo \$\$ >$dir/app; exec sleep 1000" ]; port = 80;
			   restarts = "unlimited"; backoff = { min = "500ms"; }; } );
	EOF
	await_passing plain 1
	kill -KILL "$(<"$dir/app")"
	await_checks plain critical 1
	await_passing plain 1
}

reason_of()		# the first line of the output that the catalogue has
{
	consul_get "/v1/health/service/$1" |
		jq -r '.[].Checks[] | select(.CheckID | startswith("service:")) | .Output | split("\n")[0]'
}

has_reason()
{
	[[ $(reason_of "$1") == "$2" ]]
}

set_reason()
{
	echo "$1" >"$dir/reason.new"
	mv "$dir/reason.new" "$dir/reason"
}

@test "the first reason of a failing check, and each change, are in the catalogue within a second" {
	echo "database is away" >"$dir/reason"
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "why"; exec = "sleep 1000"; port = 80;
			   health = { exec = [ "sh", "-c", "cat $dir/reason; exit 1" ]; interval = "100ms"; ttl = "30s"; }; } );
	EOF
	await_checks why critical 1
	LIMIT=1 await has_reason why "database is away"
	start_program statuses sh -c "while :; do curl -s $consul_address/v1/agent/checks | jq -r '.[] | select(.ServiceName == \"why\") | .Status'; done >$dir/statuses"
	for reason in "disk is full" "no answer from 10.0.0.7" "database is away"; do
		set_reason "$reason"
		LIMIT=2 await has_reason why "$reason"
		expect_log "why is still critical: $reason"
	done
	stop_program statuses
	[[ $(sort -u "$dir/statuses") == critical ]]
	[[ $(count_log 'is registered') == 1 ]]
}

@test "the words of a check that goes on passing are in the catalogue within a second" {
	set_reason "replica of 10.0.0.7"
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "role"; exec = "sleep 1000"; port = 80;
			   health = { exec = [ "sh", "-c", "cat $dir/reason" ]; interval = "500ms"; failures = 5; ttl = "30s"; }; } );
	EOF
	await_passing role 1
	for reason in "primary" "replica of 10.0.0.8" "primary"; do
		set_reason "$reason"
		await has_reason role "$reason"
	done
	refute_log 'role is still'
	[[ $(count_log 'is registered') == 1 ]]
}

@test "the first words of a restarted instance are in the catalogue within a second" {
	# Slow: the agent has the registration, and the status of the killed process, before the words.
	local configuration="consul = \"$consul_address\";
		jobs = ( { name = \"anew\"; exec = \"sleep 1000\"; port = 80;
			   health = { exec = [ \"sh\", \"-c\", \"sleep 0.3; cat $dir/reason\" ]; interval = \"60s\"; ttl = \"100s\"; }; } );"

	set_reason "primary"
	start_pilotfish <<<"$configuration"
	await has_reason anew "primary"
	signal_pilotfish KILL
	wait_exit
	set_reason "replica"
	start_pilotfish -n second <<<"$configuration"
	expect_log -n second 'anew is healthy'
	LIMIT=1 await has_reason anew "replica"
}

@test "a reason that changes with each check is written to the catalogue ever more slowly" {
	start_fake_consul
	start_pilotfish <<-EOF
		consul = "$fake_address";
		jobs = ( { name = "noisy"; exec = "sleep 1000"; port = 80;
			   health = { exec = [ "sh", "-c", "date +%N; exit 1" ]; interval = "50ms"; ttl = "30s"; }; } );
	EOF
	expect_events "noisy unhealthy"
	for _ in $(seq 100); do
		expect_events "noisy.health exitFailed"
	done
	at_most 10 "$(count_log 'noisy is still critical')"
	at_least 2 "$(count_log 'noisy is still critical')"
}

@test "output and a host name that are not UTF-8: their bytes are replaced" {
	((EUID == 0)) || skip "needs root"
	cat >"$dir/main.conf" <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "latin"; exec = "sleep 1000"; port = 80;
			   health = { exec = [ "printf", "caf\\\\351 ferm\\\\303\\\\251" ]; interval = "1s"; ttl = "30s"; }; } );
	EOF
	current=main
	cat >"$dir/run.py" <<-EOF
		import ctypes, os
		name = b"h\xf6st"
		assert ctypes.CDLL(None).sethostname(name, len(name)) == 0
		os.execv("$pilotfish", ["pilotfish", "-c", "$dir/main.conf"])
	EOF
	PILOTFISH_LOG_LEVEL=debug PILOTFISH_LOG_FORMAT=json start_program main unshare -u python3 "$dir/run.py"
	pid=$(pid_of main)
	await_passing latin 1
	await has_output latin $'^caf\ufffd ferm\u00e9'
	[[ $(consul_get /v1/health/service/latin | jq -r '.[].Service.ID') == $'latin-h\ufffdst' ]]
}
