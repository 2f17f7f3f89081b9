# The notifiers, on which parked watches rely, are refused or get nonsense.

load lib
load measure
load many

notifiers='["/v1/health/state", "/v1/catalog/"]'

setup()
{
	start_fake_consul
	for name in s00{0,1,2,3,4,5,6}{0,1,2,3,4,5,6,7,8,9} s0070 s0071; do
		fake service "{ \"ID\": \"$name-1\", \"Service\": \"$name\", \"Port\": 80 }"
	done
	fake forget
	begin_many "$fake_address" 72
	# A parked watch.
	rests=$(fake 'requests?path=/v1/health/service/' | jq -r \
		'[.[] | select(.query | contains("wait") | not) | .path][0] | split("/")[-1]')
	[[ $rests == s00* ]]
	fake forget
}

trouble()		# trouble MODE
{
	fake mode "{ \"mode\": \"$1\", \"path\": $notifiers }"
}

another_port()
{
	fake service "{ \"ID\": \"$rests-1\", \"Service\": \"$rests\", \"Port\": $1 }"
}

expect_no_harm()
{
	[[ $(grep -c '"source":"[^"]*","event":"unhealthy"' "$dir/main.log") == 0 ]] || fail "a set was emptied"
}

complaints()
{
	grep -c '"level":"\(warn\|error\)"' "$dir/main.log"
}

@test "a change is seen though the notifiers are denied, which is logged once" {
	trouble 403
	expect_log 'consul refuses our token for /v1/health/state/any: 403'
	expect_log 'consul refuses our token for /v1/catalog/services: 403'
	expect_log 'consul refuses our token for /v1/catalog/nodes: 403'
	mark
	another_port 81
	expect_changed "$rests"
	another_port 82
	LIMIT=40 await has_changed_twice
	[[ $(complaints) == 5 ]]	# ... and of the critical and the warning ones
	expect_no_harm
	# When they are allowed, it is seen at once.
	trouble ok
	LIMIT=40 expect_log 'consul serves /v1/health/state/any again'
	mark
	another_port 83
	expect_changed "$rests"
}

has_changed_twice()
{
	(($(count_events "watch.$rests changed") == 2))
}

@test "changes during nonsense of the notifiers are read afterwards" {
	for mode in shape garbage 500; do
		trouble "$mode"
		expect_log 'consul cannot serve /v1/health/state/any'
		mark
		another_port "9${#mode}"
		refute_events "watch.$rests changed"
		trouble ok
		expect_log 'consul serves /v1/health/state/any again'
		expect_changed "$rests"
		expect_no_harm
		mark
	done
}

@test "notifiers that never wait are asked ten times a second" {
	fake forget
	began=$(now)
	trouble spin
	fake 'wait?path=/v1/health/state/any&count=30' >/dev/null
	asked=$(fake 'requests?path=/v1/health/state/any' | jq length)
	at_most $((12 + ($(now) - began) / 90)) "$asked"
	mark
	another_port 81
	expect_changed "$rests"
	expect_no_harm
}

@test "indexes of notifiers that go backwards and forwards empty nothing" {
	trouble backwards
	fake 'wait?path=/v1/health/state/any&count=10' >/dev/null
	mark
	another_port 81
	expect_changed "$rests"
	# A few more answers with the right index suffice.
	trouble spin
	for notifier in health/state/any health/state/critical health/state/warning catalog/services catalog/nodes; do
		fake "wait?path=/v1/$notifier&count=$(($(fake "requests?path=/v1/$notifier" | jq length) + 3))" >/dev/null
	done
	trouble ok
	mark
	another_port 82
	expect_changed "$rests"
	expect_no_harm
}

@test "a service that goes unnoticed is gone when the notifiers are back" {
	trouble 500
	expect_log 'consul cannot serve /v1/health/state/any'
	fake remove "{ \"ID\": \"$rests-1\" }"
	mark
	trouble ok
	LIMIT=30 expect_events "watch.$rests changed" "watch.$rests unhealthy"
}
