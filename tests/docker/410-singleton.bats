# examples/singleton: of all containers exactly one runs the scheduler (prints a line each turn), with short gaps.
# serial
# limit 900

load lib

example=$engine_root/examples/singleton
project=$project-singleton
TTL=3000 LOCK_DELAY=4000		# of the profile `fast`

up()
{
	compose_down >/dev/null 2>&1 || :
	export EVERY=0.05 PILOTFISH_LOG_LEVEL=debug PILOTFISH_LOG_FORMAT=json
}

setup()
{
	begin
	quietly compose_up --scale scheduler=3
	LIMIT=30 await one_leads
	since=$(now)
}

# The containers' logs, for a failed test.
teardown()
{
	local name

	for name in $([[ ${BATS_TEST_COMPLETED-} ]] || containers scheduler); do
		docker logs "$name" 2>&1 | grep -v '"job":"scheduler"' >"$dir/${name##*-singleton_}.log"
	done
	lib_teardown
}

awake()		# the containers that run and are not paused
{
	local name

	for name in $(containers scheduler); do
		[[ $(docker inspect -f '{{ .State.Status }}' "$name") != running ]] || echo "$name"
	done
}

ask()		# any awake container
{
	docker exec "$(awake | head -n 1)" "$@"
}

leader_status()
{
	ask pilotfish leader status --json 2>/dev/null
}

one_leads()		# [N]: one leads, and there are N (3) candidates
{
	leader_status | jq -e --argjson count "${1:-3}" \
		'.leader != null and ([.candidates[] | select(.status == "passing")] | length) >= $count' >/dev/null
}

# The container that runs the scheduler.
runner()
{
	container_of "$(leader_status | jq -r .leader)"
}

epoch()
{
	leader_status | jq .epoch
}

goes_on()		# EPOCH: a container with a higher epoch has written a turn
{
	(($(ask tail -n 1 /work/turns | cut -d ' ' -f 3) > $1))
}

# Lines are in the order of writing.  No epoch comes after a higher one, and each epoch belongs to one container.
expect_one_at_a_time()
{
	ask cat /work/turns | awk '
		$3 < last { print "epoch " $3 " after " last; bad = 1 }
		owner[$3] && owner[$3] != $2 { print "epoch " $3 " of two: " owner[$3] " and " $2; bad = 1 }
		{ last = $3; owner[$3] = $2 }
		END { exit bad || NR < 10 }'
	[[ $(schedulers) == 1 ]]
}

schedulers()		# the number of containers in which the job runs
{
	local name count=0

	for name in $(awake); do
		! docker top "$name" -o pid,args | grep -q /usr/local/bin/scheduler || ((++count))
	done
	echo "$count"
}

# The longest time between two turns since $since, in milliseconds.
expect_gap()		# LIMIT
{
	local gap

	gap=$(ask cat /work/turns | cut -d ' ' -f 1 | date -u -f - +%s%3N | awk -v since="$since" '
		before && $1 > since && $1 - before > most { most = $1 - before }
		{ before = $1 }
		END { print most + 0 }')
	figure "the longest time without a turn was $gap ms, limit $1"
	((gap > 0 && gap <= $1))
}

none_runs()
{
	[[ $(schedulers) == 0 ]]
}

has_turns()		# N
{
	(($(ask cat /work/turns | wc -l) >= $1))
}

@test "one of three containers runs the scheduler" {
	await has_turns 10
	[[ $(schedulers) == 1 ]]
	expect_one_at_a_time
}

@test "step-down: another container goes on" {
	local before former

	former=$(runner)
	before=$(epoch)
	ask pilotfish leader step-down
	await goes_on "$before"
	[[ $(runner) != "$former" ]]
	expect_gap 2000
	expect_one_at_a_time
}

@test "docker stop: another container goes on" {
	local before

	before=$(epoch)
	docker stop "$(runner)"
	await goes_on "$before"
	expect_gap 2000
	expect_one_at_a_time
}

@test "docker kill: another container goes on after ttl + lockDelay" {
	local before former

	former=$(runner)
	before=$(epoch)
	docker kill "$former"
	LIMIT=20 await goes_on "$before"
	expect_gap $((TTL + LOCK_DELAY + 1000))
	expect_one_at_a_time
	draw "$former" "docker kill"
	grep -q '>the lock is free: [23]' "$B/failover.svg"
	grep -q ' is elected, epoch [0-9]*: [67]' "$B/failover.svg"
}

# The failover as a picture.
draw()			# CONTAINER WHAT
{
	local name logs=()

	for name in $(containers scheduler); do
		docker logs "$name" >"$BATS_TEST_TMPDIR/${name##*-singleton_}.log" 2>&1
		logs+=("$BATS_TEST_TMPDIR/${name##*-singleton_}.log")
	done
	"$engine_root/examples/timeline" --what "$2" --title "$2 of the leader, profile fast" \
		--end "${1##*-singleton_}=$(docker inspect -f '{{ .State.FinishedAt }}' "$1" | cut -c 1-23)Z" \
		-o "$B/failover.svg" "${logs[@]}"
}

@test "docker pause: another container goes on, and the resumed one does not" {
	local before former

	former=$(runner)
	before=$(epoch)
	docker pause "$former"
	LIMIT=20 await goes_on "$before"
	docker unpause "$former"
	expect_gap $((TTL + LOCK_DELAY + 1000))
	LIMIT=20 await one_leads
	[[ $(runner) != "$former" ]]
	expect_one_at_a_time
}

@test "without Consul no container runs the scheduler, and one does after its return" {
	local before

	before=$(epoch)
	docker stop -t 1 "$(containers consul)"
	await none_runs
	docker start "$(containers consul)"
	LIMIT=40 await goes_on "$before"
	expect_one_at_a_time
}
