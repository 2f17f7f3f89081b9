# examples/acme: one certificate for all instances of nginx, ordered by one of them, from a real ACME authority.
# serial
# limit 900

load lib

example=$engine_root/examples/acme
project=$project-acme

up()
{
	compose_down >/dev/null 2>&1 || :
	quietly compose_up --scale nginx=3
}

# All begin with three instances that serve one certificate, and a client that asks them all the time.
setup()
{
	begin
	quietly compose_up --no-recreate --scale nginx=3
	LIMIT=60 await all_serve_consuls
	issued=$(count_issued)
	before=$(serial_in_consul)
	ask_all_the_time >"$BATS_TEST_TMPDIR/client" 3>&- &
	client_pid=$!
}

teardown()
{
	local name

	[[ ! ${client_pid-} ]] || kill "$client_pid" 2>/dev/null || :
	[[ ! ${paused-} ]] || docker unpause "$paused" >/dev/null	# a frozen process cannot be killed
	for name in $([[ ${BATS_TEST_COMPLETED-} ]] || containers nginx pebble); do
		docker logs "$name" 2>&1 | grep -v 'GET /dir' >"$dir/${name##*-acme_}.log"
	done
	lib_teardown
}

kv()			# KEY[?PARAMETERS], below acme/, and options of curl
{
	curl -sf --max-time 3 "${@:2}" "http://127.0.0.1:$(compose_port consul 8500)/v1/kv/acme/$1"
}

serial_in_consul()
{
	kv "certificate?raw" | openssl x509 -noout -serial
}

# The serials and names of the certificates that the instances serve.
served()
{
	local name

	for name in $(running_containers nginx); do
		openssl s_client -connect "$(address_of "$name"):8443" </dev/null 2>/dev/null |
			openssl x509 -noout -serial -ext subjectAltName | tr -d ' \n'
		echo
	done | sort | uniq -c
}

all_serve()		# SERIAL
{
	[[ $(served) == *" $(running_containers nginx | wc -l) $1"*DNS:www.example.com ]]
}

all_serve_consuls()
{
	all_serve "$(serial_in_consul)"
}

all_serve_a_new_one()
{
	[[ $(serial_in_consul) != "$before" ]] && all_serve_consuls
}

# Of all authorities since the start: a restart of Pebble keeps its log.
count_issued()
{
	docker logs "$(containers pebble)" 2>&1 | grep -c 'Issued certificate serial'
}

# A line for each request that did not get an answer of the app, through one instance after another.
ask_all_the_time()
{
	local name

	while :; do
		for name in $(running_containers nginx); do
			[[ $(curl -sSk --max-time 5 "https://$(address_of "$name"):8443/" 2>&1) == "hello from"* ]] || echo "$name"
			echo asked
		done
	done
}

# Instances that were killed answer nobody.
expect_no_failure()	# [EXCEPT]
{
	local asked failed

	asked=$(grep -c asked "$BATS_TEST_TMPDIR/client")
	failed=$(grep -vc "asked${1:+\|$1}" "$BATS_TEST_TMPDIR/client") || :
	figure "$failed of $asked requests failed"
	((asked > 10 && failed == 0))
}

leader()
{
	container_of "$(docker exec "$(docker ps -q --filter status=running --filter "name=${project}_nginx" | head -n 1)" \
		pilotfish leader status --json | jq -r .leader)"
}

renew_somewhere()
{
	docker exec "$(running_containers nginx | head -n 1)" acme renew >/dev/null
}

ask_for_one()		# without waiting for it
{
	kv renew -X PUT -d now >/dev/null
}

is_ordering()		# the authority may be asking for the challenge
{
	kv "challenges/?keys" | grep -q challenges
}

begin_order()		# sets $former, the leader that has begun it
{
	former=$(leader)
	ask_for_one
	await is_ordering
}

has_led_since()		# CONTAINER: another one leads
{
	local now

	now=$(leader) && [[ $now && $now != "$1" ]]
}

figure_since()
{
	figure "$1 after $(($(now) - since)) ms"
}

@test "first start: one order, and all instances serve its certificate" {
	[[ $(count_issued) == 1 ]]
	[[ $(docker exec "$(running_containers nginx | tail -n 1)" acme health) == "${before} notAfter="* ]]
	[[ $(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: www.example.com' \
		"http://$(address_of "$(running_containers nginx | head -n 1)"):8080/x") == "301 https://www.example.com/x" ]]
	[[ ! $(kv "challenges/?keys") ]]
}

@test "renewal: one order, and no request fails" {
	renew_somewhere
	LIMIT=10 await all_serve_a_new_one
	figure_since "all serve the new certificate"
	[[ $(count_issued) == $((issued + 1)) ]]
	expect_no_failure
}

@test "new instances serve the certificate at once, without an order" {
	quietly compose_up --no-recreate --scale nginx=5
	LIMIT=20 await all_serve_consuls
	[[ $(running_containers nginx | wc -l) == 5 && $(count_issued) == "$issued" && $(serial_in_consul) == "$before" ]]
}

@test "docker kill of the leader during an order: another completes one" {
	begin_order
	docker kill "$former" >/dev/null
	since=$(now)
	LIMIT=30 await all_serve_a_new_one
	figure_since "all serve the new certificate"
	[[ $(count_issued) == $((issued + 1)) ]]
	expect_no_failure "$former"
	docker start "$former" >/dev/null
	LIMIT=20 await all_serve_consuls
	[[ $(count_issued) == $((issued + 1)) ]]
}

@test "a leader that was paused during an order writes nothing when it wakes up" {
	begin_order
	docker pause "$former" >/dev/null
	paused=$former
	LIMIT=30 await has_led_since "$former"
	docker unpause "$former" >/dev/null
	paused=
	LIMIT=60 await all_serve_a_new_one
	[[ $(count_issued) == $((issued + 1)) ]]
}

@test "a writer that does not hold the lock cannot change the certificate" {
	local leader status

	leader=$(leader)
	kv "certificate?raw" >"$BATS_TEST_TMPDIR/pem"
	docker exec -i "$leader" sh -c 'cat >/run/acme/pem' <"$BATS_TEST_TMPDIR/pem"
	run docker exec -e ACME_SESSION=00000000-0000-0000-0000-000000000000 "$leader" \
		acme-hook deploy_cert www.example.com /run/acme/pem /run/acme/pem /run/acme/pem
	[[ $status != 0 && $output == *409* ]]
	cmp <(kv "certificate?raw") "$BATS_TEST_TMPDIR/pem"
}

@test "the authority is away, comes back, and has forgotten our account" {
	local pebble

	pebble=$(containers pebble)
	docker stop -t 2 "$pebble" >/dev/null
	ask_for_one
	await has_failed
	docker start "$pebble" >/dev/null
	since=$(now)
	LIMIT=60 await all_serve_a_new_one
	figure_since "all serve the new certificate"
	[[ $(count_issued) == $((issued + 1)) ]]
	expect_no_failure
}

has_failed()
{
	docker logs --since 30s "$(leader)" 2>&1 | grep -q 'acme: no certificate; trying again'
}

@test "a damaged certificate in Consul reaches no nginx, and the leader orders another" {
	{ kv "certificate?raw" | sed '/PRIVATE/,$d'; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1; } |
		kv certificate -X PUT --data-binary @- >/dev/null
	LIMIT=30 await all_serve_a_new_one
	[[ $(count_issued) == $((issued + 1)) ]]
	expect_no_failure
	docker logs "$(leader)" 2>&1 | grep -q 'ordering a certificate: the one in Consul is damaged'
}
