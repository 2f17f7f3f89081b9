# examples/singleton: of any number of containers one beats, and hardly a beat is missed.
# serial

load lib

example=$engine_root/examples/singleton
project=$project-singleton
TTL=3000 LOCK_DELAY=4000		# of the profile `fast`

up()
{
	compose_down >/dev/null 2>&1 || :
	export EVERY=0.05 PILOTFISH_LOG_LEVEL=debug PILOTFISH_LOG_FORMAT=json
}

setup_file()
{
	file_begin up
}

teardown_file()
{
	file_end compose_down
}

setup()
{
	begin
	quietly compose_up --scale beat=3
	LIMIT=30 await one_leads
	since=$(now)
}

# What the containers of a failed test have to say.
teardown()
{
	local name

	for name in $([[ ${BATS_TEST_COMPLETED-} ]] || containers beat); do
		docker logs "$name" 2>&1 | grep -v '"job":"beat"' >"$dir/${name##*-singleton_}.log"
	done
	lib_teardown
}

awake()		# the containers that run and are not paused
{
	local name

	for name in $(containers beat); do
		[[ $(docker inspect -f '{{ .State.Status }}' "$name") != running ]] || echo "$name"
	done
}

ask()		# any of them
{
	docker exec "$(awake | head -n 1)" "$@"
}

standing()
{
	ask pilotfish leader status --json 2>/dev/null
}

one_leads()		# and there are three candidates, or so many
{
	standing | jq -e --argjson count "${1:-3}" \
		'.leader != null and ([.candidates[] | select(.status == "passing")] | length) >= $count' >/dev/null
}

# The container that beats.
runner()
{
	local id name

	id=$(standing | jq -r .leader)
	for name in $(containers beat); do
		[[ $(docker inspect -f '{{ .Config.Hostname }}' "$name") != "$id" ]] || echo "$name"
	done
}

epoch()
{
	standing | jq .epoch
}

goes_on()		# EPOCH: a higher one has beaten
{
	(($(ask tail -n 1 /work/beats | cut -d ' ' -f 3) > $1))
}

# Lines are in the order in which they were written.  No epoch comes after a higher one, and an epoch is one
# container's.
expect_one_at_a_time()
{
	ask cat /work/beats | awk '
		$3 < last { print "epoch " $3 " after " last; bad = 1 }
		who[$3] && who[$3] != $2 { print "epoch " $3 " of two: " who[$3] " and " $2; bad = 1 }
		{ last = $3; who[$3] = $2 }
		END { exit bad || NR < 10 }'
	[[ $(beating) == 1 ]]
}

beating()		# in how many containers
{
	local name count=0

	for name in $(awake); do
		! docker top "$name" -o pid,args | grep -q /usr/local/bin/beat || ((++count))
	done
	echo "$count"
}

# The longest time between two beats since $since, in milliseconds.
expect_gap()		# LIMIT
{
	local gap

	gap=$(ask cat /work/beats | cut -d ' ' -f 1 | date -u -f - +%s%3N | awk -v since="$since" '
		before && $1 > since && $1 - before > most { most = $1 - before }
		{ before = $1 }
		END { print most + 0 }')
	figure "the longest time without a beat was $gap ms, limit $1"
	((gap > 0 && gap <= $1))
}

nobody_beats()
{
	[[ $(beating) == 0 ]]
}

@test "of three one beats" {
	[[ $(beating) == 1 ]]
	expect_one_at_a_time
}

@test "step-down: another goes on" {
	local before former

	former=$(runner)
	before=$(epoch)
	ask pilotfish leader step-down
	await goes_on "$before"
	[[ $(runner) != "$former" ]]
	expect_gap 2000
	expect_one_at_a_time
}

@test "docker stop: another goes on" {
	local before

	before=$(epoch)
	docker stop "$(runner)"
	await goes_on "$before"
	expect_gap 2000
	expect_one_at_a_time
}

@test "docker kill: another goes on when ttl and lockDelay are over" {
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

# What became of it, as a picture.
draw()			# CONTAINER WHAT
{
	local name logs=()

	for name in $(containers beat); do
		docker logs "$name" >"$BATS_TEST_TMPDIR/${name##*-singleton_}.log" 2>&1
		logs+=("$BATS_TEST_TMPDIR/${name##*-singleton_}.log")
	done
	"$engine_root/examples/timeline" --what "$2" --title "$2 of the leader, profile fast" \
		--end "${1##*-singleton_}=$(docker inspect -f '{{ .State.FinishedAt }}' "$1" | cut -c 1-23)Z" \
		-o "$B/failover.svg" "${logs[@]}"
}

@test "docker pause: another goes on, and who awakes does not" {
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

@test "Consul is away: nobody beats then, one does when it is back" {
	local before

	before=$(epoch)
	docker stop -t 1 "$(containers consul)"
	await nobody_beats
	docker start "$(containers consul)"
	LIMIT=40 await goes_on "$before"
	expect_one_at_a_time
}
