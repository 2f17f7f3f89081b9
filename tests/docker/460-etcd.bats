# examples/etcd: a cluster of etcd that grows to five and shrinks to three, and survives the death of its leader.
# serial
# limit 600

load lib

example=$engine_root/examples/etcd
project=$project-etcd

up()
{
	compose_down >/dev/null 2>&1 || :
	quietly compose_up --scale etcd=3
}

ctl()			# ARG...: etcdctl in any container that runs
{
	local name

	name=$(running_containers etcd | head -n 1)
	docker exec "$name" sh -c 'etcdctl --command-timeout=4s --endpoints="$(cat /run/etcd/endpoints)" "$@"' sh "$@"
}

# The members are the containers that run, and a majority confirms a read of each.
whole()			# N
{
	[[ $(running_containers etcd | wc -l) == "$1" ]] &&
		[[ $(ctl member list 2>/dev/null | grep -c ', started, ') == "$1" ]] &&
		[[ $(ctl member list 2>/dev/null | wc -l) == "$1" ]] &&
		ctl endpoint health >/dev/null 2>&1
}

leader()		# its container
{
	local endpoint name

	endpoint=$(ctl endpoint status -w json | jq -r '.[] | select(.Status.header.member_id == .Status.leader) | .Endpoint')
	for name in $(running_containers etcd); do
		[[ $endpoint != "http://$(address_of "$name"):2379" ]] || echo "$name"
	done
}

# Writes keys one after the other until $BATS_TEST_TMPDIR/stop is there; notes each that was acknowledged.
write_all_the_time()
{
	local n=0

	while [[ ! -e $BATS_TEST_TMPDIR/stop ]]; do
		((++n))
		! ctl put "key-$BATS_TEST_NUMBER-$n" "$n" >/dev/null 2>&1 ||
			echo "$(date +%s%3N) $n" >>"$BATS_TEST_TMPDIR/acknowledged"
	done
}

begin_writing()
{
	write_all_the_time 3>&- &
	writer=$!
	await [ -s "$BATS_TEST_TMPDIR/acknowledged" ]
}

nothing_lost()
{
	touch "$BATS_TEST_TMPDIR/stop"
	wait "$writer"
	ctl get --prefix "key-$BATS_TEST_NUMBER-" --keys-only | sed -n "s/^key-$BATS_TEST_NUMBER-//p" | sort -n >"$BATS_TEST_TMPDIR/kept"
	cut -d ' ' -f 2 "$BATS_TEST_TMPDIR/acknowledged" | sort -n >"$BATS_TEST_TMPDIR/wanted"
	[[ ! $(comm -23 <(sort "$BATS_TEST_TMPDIR/wanted") <(sort "$BATS_TEST_TMPDIR/kept")) ]]
	figure "$(wc -l <"$BATS_TEST_TMPDIR/wanted") writes acknowledged, 0 lost; the longest time without one $(awk '
		NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print most + 0 }' \
		"$BATS_TEST_TMPDIR/acknowledged") ms"
}

@test "three that start together form one cluster" {
	LIMIT=60 await whole 3
}

@test "grown to five and shrunk to three: each joins and leaves, and no write is lost" {
	LIMIT=60 await whole 3
	begin_writing
	quietly compose_up --scale etcd=5
	LIMIT=60 await whole 5
	quietly compose_up --scale etcd=3
	LIMIT=60 await whole 3
	nothing_lost
}

@test "the leader is killed: another one leads, and its container comes back empty, as a new member" {
	local killed

	LIMIT=60 await whole 3
	killed=$(leader)
	begin_writing
	docker kill "$killed" >/dev/null
	written=$(wc -l <"$BATS_TEST_TMPDIR/acknowledged")
	LIMIT=30 await has_written "$((written + 5))"
	quietly compose_up --scale etcd=3
	LIMIT=60 await whole 3
	nothing_lost
}

has_written()		# N
{
	(($(wc -l <"$BATS_TEST_TMPDIR/acknowledged") >= $1))
}
