# Elections and clients that write what they should not: keys, and signals.

load elections

setup_file()
{
	election_consul
}

setup()
{
	begin_election
	timings='profile = "fast";'
}

# c1 leads, c2 follows with an onLeader hook that does not quote; both keep epochs in files.
begin()
{
	candidate c1 "epochFile = \"$dir/c1.epoch\";"
	LIMIT=10 await_primary -n c1
	candidate c2 "epochFile = \"$dir/c2.epoch\"; onLeader = [ \"sh\", \"-c\", \"eval echo \$PILOTFISH_ELECTION_LEADER \$PILOTFISH_ELECTION_LEADER_ADDRESS >>$dir/leaders\" ];"
	expect_events -n c2 "db.onLeader exitSuccess"
	await has_epoch
}

has_epoch() { lock_value | jq -e '.epoch > 0'; }
has_value_of() { [[ $(lock_value | jq -r .id) == "$1" ]]; }

@test "a held lock is overwritten: the value is put right, no hook sees it, and no epoch is believed" {
	local value before

	begin
	before=$(lock_value)
	for value in '{ "epoch": 9223372036854775807 }' '{ "id": "evil", "epoch": 9223372036854775807 }' \
		"{ \"id\": \"\$(touch $dir/pwned)\", \"address\": \"\$(touch $dir/pwned) 6.6.6.6:1\", \"epoch\": 1 }" \
		'{ "id": "evil", "address": "6.6.6.6:1", "epoch": 1 }' "$(jq '.address = "6.6.6.6:1"' <<<"$before")" \
		"$(jq '.id = "evil"' <<<"$before")"; do
		consul_put "/v1/kv/$key" "$value"
		await eval '[[ $(lock_value) == "$before" ]]'
	done
	pass 3
	[[ $(wc -l <"$dir/leaders") == 1 && ! -e $dir/pwned ]]
	[[ $(<"$dir/c1.epoch") == "$epoch" && $(<"$dir/c2.epoch") == "$epoch" ]]
	stop_pilotfish -n c1
	await_primary -n c2
	expect_reigns --count 2
}

@test "a free lock gets an impossible epoch: no epoch file takes it, and with the key gone a candidate leads" {
	consul_put "/v1/kv/$key" '{ "epoch": 9223372036854775807 }'
	candidate c1 "epochFile = \"$dir/c1.epoch\";"
	expect_log -n c1 "has a value that no election has written"
	consul_put "/v1/kv/$key" '{ "id": "c9", "epoch": 9223372036854775807, "released": true }'
	pass 1
	[[ ! -e $dir/c1.epoch ]]
	consul_request DELETE "/v1/kv/$key"
	LIMIT=10 await_primary -n c1
	[[ $(<"$dir/c1.epoch") == "$epoch" ]]
}

@test "a child forges the signal of an election's timer: pilotfish lives, and the leader leads on" {
	cat >"$dir/forge.py" <<-'EOF'
		import ctypes, os, signal, struct
		libc = ctypes.CDLL(None, use_errno=True)
		for pointer in (1, 0, 0x7fff00000000):
		    info = struct.pack("iiiiiiQ96x", signal.SIGRTMAX, 0, -2, 0, 0, 0, pointer)	# SI_TIMER
		    if libc.syscall(129, os.getppid(), signal.SIGRTMAX, info):		# rt_sigqueueinfo on x86-64
		        raise OSError(ctypes.get_errno(), "rt_sigqueueinfo")
	EOF
	PRIMARY_ID=c1 start_pilotfish -1 -n c1 <<-EOF
		consul = { address = "$consul_address"; };
		jobs = ( { name = "db"; exec = [ "$primary", "reign" ]; runs = "election.db"; },
			 { name = "forge"; exec = [ "python3", "$dir/forge.py" ]; when = { source = "db"; once = "running"; }; } );
		elections = ( $(election_of c1) );
	EOF
	expect_events -n c1 "forge exitSuccess"
	LIMIT=10 await_primary -n c1
	refute_events -n c1 "election.db deposed"
	expect_reigns --count 1
}
