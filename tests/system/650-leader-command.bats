# pilotfish leader: the status of an election, and requests to it.  The test itself plays the leaders.
# plain

load leader

setup_file()
{
	start_consul
}

setup()
{
	election=db$BATS_TEST_NUMBER		# one Consul for all of them
	election_config
}

# Acts as a leader that serves a request: releases the lock, and ID leads with EPOCH.
serve()		# ID EPOCH
{
	await has_request
	key /request >"$dir/request"
	release "$session" '{ "id": "a", "released": true, "epoch": 5 }'
	lead "$1" "$2"
	consul_request DELETE "/v1/kv/service/$election/leader/request"
}

@test "status: there was never a leader" {
	leader 1 status
	[[ $output == *"election    $election"*"key         service/$election/leader"* ]]
	[[ $output == *"leader      none"*"free; it has never been held"*"paused      no"* ]]
	[[ $output == *"request     none"*"candidates  none"* ]]
	leader 1 status --json
	jq -e '.leader == null and .lock == "free" and .epoch == 0 and .candidates == []' <<<"$output"
}

@test "status: the leader since when, and the candidates" {
	candidate a
	candidate b critical
	lead a 17
	leader 0 status
	[[ $output == *"leader      a at 192.0.2.1:3306, epoch 17, since 2026-01-02T03:04:05Z"* ]]
	[[ $output == *"lock        held by session $session"*"candidates  a (passing), b (critical)"* ]]
	leader 0 status --json
	jq -e --arg session "$session" '.leader == "a" and .address == "192.0.2.1:3306" and .epoch == 17 and
		.since == 1767323045 and .lock == "held" and .session == $session and
		.paused == null and .request == null and
		[.candidates[] | .id, .status] == ["a", "passing", "b", "critical"]' <<<"$output"
}

@test "status: a holder that is being promoted does not lead" {
	session=$(session)
	hold "$session" '{ "id": "a" }'
	leader 1 status
	[[ $output == *"none yet; a has the lock and is being promoted"* ]]
	leader 1 status --json
	jq -e '.leader == null and .holder == "a" and .lock == "held"' <<<"$output"
	leader 1 step-down
	[[ $stderr == *"$election has no leader"*"still being promoted"* ]]
}

@test "status: a lock that was lost may be in its delay, one that was released is free" {
	lead a 5
	consul_put "/v1/session/destroy/$session"
	leader 1 status
	[[ $output == *"none; the last was a, epoch 5"*"free, or in its lock delay (10s)"* ]]
	leader 1 status --json
	jq -e '.lock == "free-or-delayed"' <<<"$output"
	consul_put "/v1/kv/service/$election/leader" '{ "id": "a", "released": true, "epoch": 5 }'
	leader 1 status --json
	jq -e '.lock == "free" and .leader == null and .epoch == 5' <<<"$output"
}

@test "status: values of other programs are shown, and steer no terminal" {
	session=$(session)
	hold "$session" 'not JSON'
	leader 1 status
	[[ $output == *"held by session $session; its value is no election's"* ]]
	release "$session" ''
	for value in '[]' '{ "id": 7, "epoch": "x", "address": null }' '{ "epoch": -1 }' '"a"' ''; do
		consul_put "/v1/kv/service/$election/leader" "$value"
		leader 1 status
		leader 1 status --json
		jq -e '.leader == null' <<<"$output"
	done
	session=$(session)
	for value in '{ "id": "\u001b[2Jx\n", "epoch": 3 }' "$(jq -n '{ id: ("é" * 500), epoch: 3 }')" \
		'{ "id": "a", "epoch": 9223372036854775807 }' '{ "id": "a", "epoch": 3, "address": "$(touch x):1" }'; do
		hold "$session" "$value"
		leader 1 status
		[[ $output == *"its value is no election's"* && $output != *$'\e'* ]]
		leader 1 status --json
		jq -e '.leader == null and .epoch == 0' <<<"$output"
	done
	hold "$session" '{ "id": "a", "epoch": 3, "since": 9223372036854775807 }'
	leader 0 status
	[[ $output == *"leader      a, epoch 3"* && $output != *since* ]]
	for value in '{ "at": 1e308 }' '{ "at": -1, "by": "\u001b]52;c;x\u0007\u009b\u0085\u2028\u2029\u202e" }'; do
		consul_put "/v1/kv/service/$election/leader/pause" "$value"
		consul_put "/v1/kv/service/$election/leader/request" "$value"
		leader 0 status
		[[ $output == *"paused      since an unknown time"* ]]
		LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]\|\xe2\x80[\xa8-\xae]' <<<"$output" && return 1
		leader 0 status --json
		LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]\|\xe2\x80[\xa8-\xae]' <<<"$output" && return 1
		jq -e '.paused.at == null' <<<"$output"
	done
}

@test "the election is the only one or the named one, else all are listed" {
	election_config '' ', { name = "other"; key = "other/lock"; job = "more"; }'
	leader 64 status
	[[ $stderr == *"there are several elections, name one of: $election, other"* ]]
	leader 1 status other
	[[ $output == *"key         other/lock"* ]]
	leader 64 status nosuch
	[[ $stderr == *"no election nosuch; the elections are: $election, other"* ]]
	leader 64 status other more
	leader 64
	leader 64 nosuch
	[[ $stderr == *"status, step-down, pause, resume, accept-epoch"* ]]
	leader 64 pause other --to a
	leader 64 step-down --json
	leader 64 step-down --timeout 0
	leader 64 step-down --timeout soon
}

@test "step-down: another leads, and the request names action, leader and requester" {
	candidate a
	candidate b
	lead a 5
	leader_in_background step-down
	serve b 9
	leader_ended 0
	[[ $output == "b leads $election now, epoch 9, after "*s ]]
	jq -e '.action == "step-down" and .leader == "a" and .by == "me" and (has("to") | not) and
		(now - .at | fabs) < 60' "$dir/request"
	has_no_request
}

@test "step-down --to: the successor leads, or another candidate does" {
	candidate a
	candidate b
	candidate c
	lead a 5
	leader_in_background step-down --to b "$election"
	serve b 9
	leader_ended 0
	jq -e '.to == "b"' "$dir/request"
	leader_in_background --to a step-down
	serve c 12
	leader_ended 1
	[[ $output == *"c leads $election now, and not a: epoch 12"* ]]
}

@test "step-down: the former leader leads again" {
	candidate a
	candidate b
	lead a 5
	leader_in_background step-down
	serve a 9
	leader_ended 1
	[[ $output == *"a stepped down, but leads $election again: epoch 9"* ]]
}

@test "step-down: without effect within the timeout the request is withdrawn" {
	candidate a
	candidate b
	lead a 5
	leader 1 step-down --timeout 300ms
	[[ $stderr == *"not within 300ms: a has not seen the request and leads $election"* ]]
	has_no_request
	leader_in_background step-down --timeout 1s
	await has_request
	consul_request DELETE "/v1/kv/service/$election/leader/request"
	leader_ended 1
	[[ $output == *"not within 1s: a has seen the request but still leads $election"* ]]
	leader_in_background step-down --timeout 1s
	await has_request
	release "$session" '{ "id": "a", "released": true, "epoch": 5 }'
	leader_ended 1
	[[ $output == *"not within 1s: $election has no leader yet"* ]]
	has_no_request
}

@test "step-down: an interrupt withdraws the request" {
	candidate a
	candidate b
	lead a 5
	leader_in_background step-down
	await has_request
	kill -INT "$(pid_of leader)"
	leader_ended 130
	has_no_request
	kill -0 "$(pid_of leader)" 2>/dev/null && return 1
	leader 0 status
}

@test "step-down is refused without a leader, a successor, or a passing --to" {
	leader 1 step-down
	[[ $stderr == *"$election has no leader that could step down"* ]]
	candidate a
	candidate bad critical
	lead a 5
	leader 1 step-down
	[[ $stderr == *"no other candidate could lead; candidates: a (passing), bad (critical)"* ]]
	leader 1 step-down --to bad
	[[ $stderr == *"bad is critical and could not lead"* ]]
	leader 1 step-down --to nosuch
	[[ $stderr == *"nosuch is no candidate; the candidates are: a (passing), bad (critical)"* ]]
	leader 1 step-down --to a
	[[ $stderr == *"a leads already"* ]]
	has_no_request
}

@test "step-down is refused while another request is pending, or the election is paused" {
	candidate a
	candidate b
	lead a 5
	consul_put "/v1/kv/service/$election/leader/request" \
		"{ \"action\": \"step-down\", \"to\": \"b\", \"by\": \"x\", \"at\": $(date +%s) }"
	leader 1 step-down
	[[ $stderr == *"there is another request: step-down to b, since 20"*", by x"* ]]
	leader 0 status --json
	jq -e '.request.to == "b" and .request.fresh' <<<"$output"
	# A request that is older than a minute is overwritten.
	consul_put "/v1/kv/service/$election/leader/request" \
		"{ \"action\": \"step-down\", \"at\": $(($(date +%s) - 61)) }"
	leader 0 status
	[[ $output == *"step-down, since 20"*": too old, ignored"* ]]
	leader_in_background step-down
	await has_our_request
	serve b 9
	leader_ended 0
	leader 0 pause
	leader 1 step-down
	[[ $stderr == *"the election is paused, so no candidate would be elected; paused since 20"*", by me"* ]]
}

has_our_request()
{
	[[ $(key /request) == *'"by"'*'"me"'* ]]
}

@test "sessions bound to no check: candidates are unknown, and not required" {
	election_config 'bind = "session";'
	candidate a
	lead a 5
	leader 0 status
	[[ $output == *"candidates  unknown"* ]]
	leader 1 step-down --to a
	leader_in_background step-down --to b
	serve b 9
	leader_ended 0
}

@test "of two requests at once the second is refused" {
	candidate a
	candidate b
	lead a 5
	leader_in_background step-down
	await has_request
	leader 1 step-down
	[[ $stderr == *"there is another request: step-down, since 20"*", by me"* ]]
	serve b 9
	leader_ended 0
}

@test "pause and resume, twice each" {
	leader 0 resume
	[[ $output == "$election is not paused" ]]
	lead a 5
	leader 0 pause
	[[ $output == "$election is paused since 20"*", by me; a goes on leading" ]]
	at=$(key /pause | jq .at)
	leader 0 pause
	[[ $output == "$election has already been paused since 20"*", by me" ]]
	[[ $(key /pause | jq .at) == "$at" ]]
	leader 0 status
	[[ $output == *"paused      since 20"*", by me"* ]]
	leader 0 status --json
	jq -e '.paused.by == "me" and (now - .paused.at | fabs) < 60' <<<"$output"
	leader 0 resume
	[[ $output == "$election goes on; it was paused since 20"*", by me" ]]
	! key /pause
	leader 0 status
	[[ $output == *"paused      no"* ]]
}

@test "accept-epoch: a candidate is elected; refused while there is a leader" {
	leader_in_background accept-epoch
	await has_request
	key /request | jq -e '.action == "accept-epoch" and .by == "me" and (has("leader") | not)'
	lead a 3
	leader_ended 0
	[[ $output == "a leads $election now, epoch 3, after "* ]]
	leader 1 accept-epoch
	[[ $stderr == *"a leads $election: no epoch is left to accept"* ]]
	# The request stays for a minute, for other candidates, and blocks no other request.
	has_request
	candidate a
	candidate b
	leader 1 step-down --timeout 100ms
	[[ $stderr == *"not within 100ms: a has not seen the request"* ]]
}

@test "Consul is away, has no leader, or answers garbage" {
	local port

	free_port
	address=http://127.0.0.1:$port election_config
	leader 69 status
	[[ $stderr == "pilotfish: consul at http://127.0.0.1:$port: Connection refused" ]]
	start_fake_consul
	address=$fake_address election_config
	fake mode '{ "mode": "500" }'
	leader 69 pause
	[[ $stderr == "pilotfish: consul at $fake_address: 500 No cluster leader" ]]
	for mode in garbage html shape close truncated 429; do
		fake mode "{ \"mode\": \"$mode\", \"path\": \"/v1/kv\" }"
		leader 69 status
		[[ $stderr == "pilotfish: consul"* ]]
	done
	fake mode '{ "mode": "hang" }'
	leader_in_background status
	fake "wait?path=/v1/internal&count=1" >/dev/null
	kill -TERM "$(pid_of leader)"
	leader_ended 143
}

@test "Consul goes away and comes back while step-down waits" {
	start_consul -n own --data
	election_config
	candidate a
	candidate b
	lead a 5
	leader_in_background step-down
	await has_request
	restart_consul
	serve b 9
	leader_ended 0
	[[ $output == "b leads $election now, epoch 9, after "* ]]
}

@test "the error names the missing rule" {
	local token rules='' lock="service/$election/leader"

	start_consul -n acl --acl
	try()		# CODE TEXT ACTION
	{
		token=$(consul_token_for "$rules")
		consul_keys="token = \"$token\";" election_config
		leader "$1" "$3"
		[[ $stderr == *"$2"* && $stderr != *"$token"* ]]
	}
	candidate a
	candidate b
	lead a 5
	try 77 "no right to read the key $lock; it needs the rule key_prefix \"$lock\" { policy = \"read\" }" status
	rules="key_prefix \"$lock\" { policy = \"read\" }"
	try 77 "no right to read the service $election-election; it needs the rule service \"$election-election\" { policy = \"read\" }" status
	rules+=" service_prefix \"\" { policy = \"read\" } node_prefix \"\" { policy = \"read\" }"
	try 0 '' status
	[[ $output == *"a (passing), b (passing)"* ]]
	try 77 "no right to write the key $lock/request; it needs the rule key_prefix \"$lock\" { policy = \"write\" }" step-down
	try 77 "no right to write the key $lock/pause" pause
	try 77 "no right to write the key $lock/pause" resume
	rules=${rules/read/write}
	try 0 '' pause
	try 0 '' resume
	token=00000000-0000-4000-8000-00000000dead
	consul_keys="token = \"$token\";" election_config
	leader 77 status
	[[ $stderr == *"consul refuses our token: 403 ACL not found"* ]]
}
