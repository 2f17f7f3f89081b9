# leader.bash - for `pilotfish leader`: lib.bash, and an election whose keys the test writes itself.
#
#   election_config [KEYS]       writes $dir/leader.conf with the election $election (db), and KEYS in it
#   leader CODE ACTION [ARG...]  runs `pilotfish leader ACTION -c $dir/leader.conf`, which must soon exit with this
#                                code; its output is in $output and $stderr
#   leader_in_background ...     the same without the code; leader_ended CODE waits for it and sets $output
#   candidate ID [STATUS]        registers a candidate
#   session                      prints a new session, bound to nothing
#   hold SESSION VALUE           takes the lock
#   release SESSION VALUE        releases the lock
#   lead ID EPOCH                creates $session and takes the lock with a leader's value
#   key SUFFIX                   prints the value of the lock's key with that suffix
#   has_request, has_no_request
#   leader_epoch                 prints the epoch in the lock's value
#   figure TEXT                  shows TEXT even if the test passes

load lib
load measure
election=db

election_config()
{
	cat >"$dir/leader.conf" <<-EOF
		consul = { address = "${address:-$consul_address}"; ${consul_keys-} };
		jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "more"; exec = "sleep 1000"; } );
		elections = ( { name = "$election"; job = "app"; id = "me"; ${1-} }${2-} );
	EOF
}

leader()
{
	run -"$1" --separate-stderr timeout -k 1 "$(limit)" "$pilotfish" leader "${@:2}" -c "$dir/leader.conf"
}

leader_in_background()
{
	start_program leader "$pilotfish" leader "$@" -c "$dir/leader.conf"
}

leader_ended()
{
	wait_exit -n leader
	expect_code "$1"
	output=$(<"$dir/leader.log")
}

candidate()
{
	register "$election-election" "$election-election-$1" 0 "${2-passing}"
}

session()
{
	consul_put /v1/session/create '{ "LockDelay": "1s", "Checks": [] }' | jq -r .ID
}

hold()
{
	[[ $(consul_put "/v1/kv/service/$election/leader?acquire=$1" "$2") == true ]]
}

release()
{
	[[ $(consul_put "/v1/kv/service/$election/leader?release=$1" "$2") == true ]]
}

consul_index()		# after a write
{
	consul_put "/v1/kv/noise" "$RANDOM" >/dev/null
	consul_get "/v1/kv/noise" | jq '.[0].ModifyIndex'
}

lead()
{
	session=$(session)
	while (($(consul_index) <= $2)); do :; done	# an epoch is an index that Consul has had
	hold "$session" "$(jq -n --arg id "$1" --argjson epoch "$2" '{ $id, $epoch,
		address: "192.0.2.1:3306", since: 1767323045 }')"
}

key()
{
	consul_get "/v1/kv/service/$election/leader$1?raw"
}

has_request() { key /request >/dev/null 2>&1; }
has_no_request() { ! has_request; }

leader_epoch()
{
	key '' | jq .epoch
}

figure()
{
	printf '# figure: %s: %s\n' "${BATS_TEST_DESCRIPTION%%:*}" "$*" >&3
}
