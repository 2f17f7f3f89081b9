# examples/mysql with docker-compose: what no single fault is.  All nodes crash, with and without their disks; Consul
# loses its data; a silent node stands in the way of a handover.
# serial
# limit 1500

load lib
load mysql

table=$B/docker/mysql-rounds	# round, rows, milliseconds until led, whole, and without writing, load

up()
{
	: >"$table"
	cluster_up 3
}

teardown_file()
{
	file_end down
}

down()
{
	cluster_down
	mount | sed -n "s,^$BATS_FILE_TMPDIR/[^ ]*\.disk on \([^ ]*\) .*,\1," | xargs -r umount
}

# The containers' logs, for a failed test.
teardown()
{
	local name

	for name in $([[ ${BATS_TEST_COMPLETED-} ]] || containers mysql); do
		docker logs --tail 60 "$name" >"$dir/${name##*_mysql_}.log" 2>&1
	done
	lib_teardown
}

in_volume()		# CONTAINER FOLDER COMMAND, as root, be the container stopped
{
	quietly docker run --rm --network none --user 0 --volumes-from "$1" --entrypoint sh pilotfish-example-writer \
		-c "cd $2 && $3"
}

# Sets $all, and $others, which are replicas.  Their relay logs have what their tables do not.
crash()			# ROUND [DELAY]: all at once, or DELAY seconds between the first replica and the rest
{
	local name

	fault "$1"
	all=$(nodes)
	others=$(replicas)
	for name in $others; do
		sql "$name" 'STOP SLAVE SQL_THREAD'
	done
	LIMIT=10 await acknowledged 30
	if [[ ${2-} ]]; then
		docker kill "$(head -n 1 <<<"$others")" >/dev/null
		pass "$2"
		docker kill "$before" "$(tail -n 1 <<<"$others")" >/dev/null
	else
		# shellcheck disable=SC2086
		docker kill $all >/dev/null
	fi
	since=$(now)
}

pass()			# SECONDS
{
	local until=$(($(now) + $1 * 1000))

	while (($(now) < until)); do sleep 0.1; done
}

# Within 30 s of the last start somebody leads; a busy machine has three times as much.
leads_again()
{
	local crashed=$since started led outage

	started=$(now)
	LIMIT=92 await primary
	led=$(($(now) - started))
	LIMIT=180 await whole 3
	note_round "$led" "$(($(now) - started))" "$crashed"
	((led <= 92000))
}

# One line of the table: `make soak` prints it.
note_round()		# LED WHOLE CRASHED: milliseconds after the last start, and when all had crashed
{
	local outage rows

	writing_begins
	outage=$(ledger outage "$acked" "$3" | grep -o '[0-9]* ms without')
	rows=$(nothing_lost 3>&1 | sed 's/.*: //')
	[[ $rows == "0 lost of "* ]] || fail "$round: $rows"
	figure "$round: led $1 ms after the last start, whole after $2, ${outage% without} without writing, target 30000; $rows"
	printf '%s|%s|%s|%s|%s|%s\n' "$round" "$rows" "$1" "$2" "${outage%% *}" "$(cut -d ' ' -f 1 /proc/loadavg)" >>"$table"
}

nobody_leads()		# NODE: it says why, in a line that has all these WORDS...
{
	LIMIT=60 await says "$@"
	! primary
}

says()			# NODE WORDS...
{
	local word line

	line=$(docker logs --tail 200 "$1" 2>&1 | grep -a 'db forget\|db adopt' | tail -n 1)
	for word in "${@:2}"; do
		[[ $line == *"$word"* ]] || return
	done
}

id_of_node()
{
	docker inspect -f '{{ .Config.Hostname }}' "$1"
}

# A relative of a test that `make check` runs, or a test that takes minutes.
in_soak()
{
	((ROUNDS > 1)) || skip "make soak runs it"
}

@test "all nodes are killed at once" {
	crash "all at once"
	# shellcheck disable=SC2086
	docker start $all >/dev/null
	leads_again
}

@test "a replica is killed before the others, and the primary starts last" {
	local name

	in_soak
	crash "staggered" 3
	for name in $others; do
		docker start "$name" >/dev/null
		pass 1
	done
	docker start "$before" >/dev/null
	leads_again
}

@test "the primary starts first, and the others long after it" {
	in_soak
	crash "primary first"
	docker start "$before" >/dev/null
	LIMIT=92 await primary
	[ "$(primary)" = "$before" ]
	# shellcheck disable=SC2086
	docker start $others >/dev/null
	leads_again
}

@test "all are killed, and the primary's disk is lost: relay logs are copies" {
	crash "primary lost"
	in_volume "$before" /var/lib/mysql 'rm -rf ..?* .[!.]* *'
	# shellcheck disable=SC2086
	docker start $all >/dev/null
	leads_again
	[ "$(primary)" != "$before" ]
}

# From here on each database has a disk of its own, a file behind a loop device.
own_disk()		# CONTAINER
{
	local volume disk=$BATS_FILE_TMPDIR/$1.disk

	docker stop "$1" >/dev/null
	volume=$(volume_of "$1")
	truncate -s 2G "$disk"
	mkfs.ext4 -q "$disk"
	mkdir -p "$BATS_FILE_TMPDIR/mnt"
	disk_mount "$disk" "$BATS_FILE_TMPDIR/mnt"
	cp -a "$volume/." "$BATS_FILE_TMPDIR/mnt"
	umount "$BATS_FILE_TMPDIR/mnt"
	disk_mount "$disk" "$volume"
	docker start "$1" >/dev/null
	LIMIT=180 await whole 3
}

volume_of()		# CONTAINER
{
	docker inspect -f '{{ range .Mounts }}{{ if eq .Destination "/var/lib/mysql" }}{{ .Source }}{{ end }}{{ end }}' "$1"
}

disk_mount()		# without journal commits of its own: the disk has what a program has synced
{
	mount -o loop,commit=3600 "$1" "$2"
}

# The disk has what was written to it by now; what is in memory alone is gone, as the host starts anew.
cut_power()		# CONTAINER
{
	local volume disk=$BATS_FILE_TMPDIR/$1.disk

	cp --sparse=always "$disk" "$disk.cut"
	volume=$(volume_of "$1")
	umount "$volume"
	mv "$disk.cut" "$disk"
	disk_mount "$disk" "$volume"
	echo another >"$volume/boot"
}

@test "each database gets a disk of its own" {
	local name

	for name in $(replicas) $(primary); do
		own_disk "$name"
	done
}

@test "the primary's disk is full: a replica takes over" {
	local volume

	in_soak
	fault "full disk"
	volume=$(volume_of "$before")
	dd if=/dev/zero of="$volume/filler" bs=1M status=none || :
	cat /dev/zero >"$volume/last" 2>/dev/null || :
	since=$(now)
	LIMIT=60 await led_by_another
	figure "led by another $(($(now) - since)) ms after the disk was full"
	rm "$volume/filler" "$volume/last"
	LIMIT=180 await whole 3
	writing_begins
	nothing_lost
}

# Relay logs are not synced at each commit, binary logs are.
@test "all hosts lose power: nobody leads with what the disks have not kept" {
	local name

	crash "power"
	for name in $all; do
		cut_power "$name"
	done
	# shellcheck disable=SC2086
	docker start $others >/dev/null
	nobody_leads "$(head -n 1 <<<"$others")" "has started anew" "start the last primary"
	docker start "$before" >/dev/null
	leads_again
	[ "$(primary)" = "$before" ]
}

# Each in turn at a random time, in any order; as many as `make soak` asks for.
@test "crashes in any order, seconds apart" {
	local count name

	in_soak
	for ((count = 1; count <= ROUNDS; count++)); do
		fault "any order"
		all=$(nodes)
		for name in $(shuf <<<"$all"); do
			docker kill "$name" >/dev/null
			pass "$((RANDOM % 2 * (RANDOM % 30)))"
		done
		since=$(now)
		for name in $(shuf <<<"$all"); do
			docker start "$name" >/dev/null
			pass "$((RANDOM % 5))"
		done
		leads_again
	done
}

@test "a silent replica does not delay a handover" {
	local silent

	in_soak
	fault "silent replica"
	silent=$(replicas | head -n 1)
	docker pause "$silent" >/dev/null
	docker stop "$before" >/dev/null
	LIMIT=20 await led_by_another
	figure "led by another $(($(now) - since)) ms after docker stop"
	docker unpause "$silent" >/dev/null
	docker start "$before" >/dev/null
	recovered 3000
	LIMIT=180 await whole 3
}

@test "Consul loses its data: adopt chooses the next leader" {
	local next name consul

	fault "Consul is new"
	next=$before
	consul=$(containers consul)
	docker stop -t 1 "$consul" >/dev/null
	in_volume "$consul" /consul/data 'rm -rf *'
	docker start "$consul" >/dev/null
	nobody_leads "$next" "Consul has lost its data"
	docker exec "$next" db adopt
	for name in $(nodes); do
		docker exec "$name" pilotfish leader accept-epoch || :
	done
	LIMIT=60 await primary
	[ "$(primary)" = "$next" ]
	LIMIT=180 await whole 3
	writing_begins
	nothing_lost
}

words()			# NODE: what its check says in Consul's catalogue
{
	curl -sf --max-time 3 "http://127.0.0.1:$(compose_port consul 8500)/v1/health/checks/mysql" |
		jq -r --arg id "mysql-$(id_of_node "$1")" '.[] | select(.ServiceID | startswith($id)) | .Status + ": " + .Output'
}

have_words()		# NODE BEGINNING
{
	[[ $(words "$1") == "$2"* ]]
}

@test "after a step-down Consul shows the roles of now" {
	fault "roles"
	LIMIT=10 await have_words "$before" "passing: primary"
	docker exec "$before" pilotfish leader step-down
	LIMIT=20 await led_by_another
	LIMIT=2 await have_words "$(primary)" "passing: primary"
	LIMIT=6 await have_words "$before" "passing: replica of $(address_of "$(primary)")"
}

@test "a primary whose commits wait says so" {
	local name

	fault "waiting"
	for name in $(replicas); do
		sever "$before" "$(address_of "$name")"
	done
	LIMIT=20 await have_words "$before" "warning: primary, but"
	[[ $(words "$before") == *"no replica acknowledges: "[1-9]*" commits wait"* ]]
	mend "$before"
	LIMIT=60 await have_words "$before" "passing: primary"
}

# Beside mysqld, in the middle of the work.
stop_backup()
{
	# shellcheck disable=SC2016
	docker exec "$before" sh -c 'db snapshot & for try in $(seq 500); do
		for process in /proc/[0-9]*; do
			[ "$(cat $process/comm 2>&1)" != mariabackup ] || { kill -STOP ${process#/proc/}; exit; }
		done; sleep 0.02; done; exit 1'
}

has_snapshot()		# made since, by the primary
{
	docker exec "$(primary)" db snapshot
}

@test "a node that is killed during its snapshot blocks no other one for long" {
	in_soak
	fault "snapshot"
	stop_backup
	docker kill "$before" >/dev/null
	since=$(now)
	docker exec "$(replicas | head -n 1)" touch /snapshots/.killed
	LIMIT=20 await led_by_another
	LIMIT=60 await has_snapshot
	figure "a new snapshot $(($(now) - since)) ms after the kill"
	[ "$(docker exec "$(primary)" find /snapshots -name '.*' -type f | wc -l)" = 0 ]
	docker start "$before" >/dev/null
	LIMIT=180 await whole 3
}

@test "forget refuses a node that it does not know" {
	run docker exec "$(primary)" db forget nobody
	[ "$status" = 2 ]
	[[ $output == "there is no node nobody, only "* ]]
}

@test "adopt is refused while somebody leads" {
	run docker exec "$(replicas | head -n 1)" db adopt
	[ "$status" = 2 ]
	[[ $output == *" leads" ]]
}

@test "all disks but one are lost: a line says what is missing, and the command that goes on" {
	local last lost name

	crash "one is left"
	last=$(head -n 1 <<<"$others")
	lost=$(tail -n 1 <<<"$others")
	for name in "$before" "$lost"; do
		in_volume "$name" /var/lib/mysql 'rm -rf ..?* .[!.]* *'
	done
	# shellcheck disable=SC2086
	docker start $all >/dev/null
	nobody_leads "$last" "no word from $(id_of_node "$lost") (its volume is gone)" "db forget $(id_of_node "$lost")"
	docker exec "$last" db forget "$(id_of_node "$lost")"
	LIMIT=60 await primary
	[ "$(primary)" = "$last" ]
	LIMIT=180 await whole 3
	writing_begins
}

@test "two servers were never writable at the same time" {
	local output

	output=$(ledger single "$roles") || fail "$output"
	figure "$output"
}
