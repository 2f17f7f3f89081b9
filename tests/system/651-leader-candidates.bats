# pilotfish leader, with real candidates.

load leader

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
}

setup()
{
	election=singleton$BATS_TEST_NUMBER
	election_config 'candidate = false;'
}

start_candidate()	# ID [KEYS]
{
	start_pilotfish -n "$1" <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "job"; exec = "sleep 1000"; runs = "election.$election"; } );
		elections = ( { name = "$election"; id = "$1"; ${2-} } );
	EOF
}

start_candidates()	# a, which leads, and b and c
{
	start_candidate a
	expect_events -n a "job running"
	start_candidate b "priority = 90;"
	start_candidate c "priority = 50;"
	LIMIT=20 await_passing "$election-election" 3
	await leads a
}

leads()
{
	local json

	json=$("$pilotfish" leader status --json -c "$dir/leader.conf") && [[ $(jq -r .leader <<<"$json") == "$1" ]]
}

@test "status prints the leader and the candidates" {
	start_candidates
	leader 0 status
	[[ $output == *"leader      a"*", epoch "*", since 20"*"a (passing), b (passing), c (passing)"* ]]
	leader 0 status --json
	jq -e '.lock == "held" and .epoch > 0 and (now - .since | fabs) < 60' <<<"$output"
}

@test "step-down: the next by priority leads, and the former leader's job is ended" {
	local before

	start_candidates
	before=$(leader_epoch)
	leader 0 step-down
	[[ $output == "b leads $election now, epoch "* ]]
	figure "$output"
	expect_events -n a "election.$election deposed" "job exitFailed"
	expect_events -n b "election.$election elected" "job running"
	(($(leader_epoch) > before))
	has_no_request
}

@test "step-down --to: exactly that candidate leads" {
	start_candidates
	leader 0 step-down --to c
	[[ $output == "c leads $election now, epoch "* ]]
	figure "$output"
	refute_events -n b "election.$election elected"
	leader 0 step-down --to b
	leader 0 step-down --to a
	await leads a
}

@test "paused, a dead leader has no successor; resumed, it has one" {
	start_candidates
	leader 0 pause
	[[ $output == *"; a goes on leading" ]]
	expect_log -n b "election $election is paused"
	expect_log -n c "election $election is paused"
	mark -n b
	mark -n c
	stop_pilotfish -n a
	leader 1 status
	[[ $output == *"none; the last was a"*"paused      since"* ]]
	refute_events -n b "election.$election elected"
	refute_events -n c "election.$election elected"
	leader 0 resume
	expect_events -n b "election.$election elected" "job running"
	await leads b
}

@test "step-down --to the leader, or to an unknown id, is refused" {
	start_candidates
	leader_in_background step-down --to c
	leader_ended 0
	leader 1 step-down --to c
	[[ $stderr == *"c leads already"* ]]
	leader 1 step-down --to nosuch
	[[ $stderr == *"nosuch is no candidate; the candidates are: a (passing), b (passing), c (passing)"* ]]
}

@test "a Consul that has lost its data: no candidate is elected with a lower epoch until it is accepted" {
	start_consul -n lost --data
	election_config 'candidate = false;'
	# Other writes raise the epoch of this term.
	for i in {1..20}; do
		consul_put "/v1/kv/noise" "$i"
	done
	start_candidate a "epochFile = \"$dir/a.epoch\";"
	expect_events -n a "job running"
	await leads a
	stop_pilotfish -n a
	[[ $(<"$dir/a.epoch") -gt 20 ]]
	echo 1000000 >"$dir/a.epoch"
	start_candidate a "epochFile = \"$dir/a.epoch\";"
	expect_log -n a "is not higher than 1000000.*pilotfish leader accept-epoch $election"
	refute_events -n a "job running"
	leader 0 accept-epoch
	[[ $output == "a leads $election now, epoch "* ]]
	expect_events -n a "job running"
	[[ $(<"$dir/a.epoch") -lt 1000000 ]]
	leader 1 accept-epoch
}
