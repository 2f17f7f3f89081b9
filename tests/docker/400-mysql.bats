# examples/mysql with docker-compose: no fault of the primary loses an acknowledged row.
# serial
# limit 1500

load lib
load mysql

setup_file()
{
	file_begin cluster_up 2
}

teardown_file()
{
	file_end cluster_down
}

rounds()		# COMMAND: injects a fault and waits for recovery
{
	for ((n = 1; n <= ROUNDS; n++)); do
		fault "round $n"
		"$@"
	done
	nothing_lost
}

@test "two nodes that start together with an empty Consul form one database" {
	whole 2
	[ "$(sql "$(primary)" 'SELECT COUNT(*) FROM pilotfish.epochs')" -ge 0 ]
	[ "$(docker exec "$(primary)" sh -c 'ls /snapshots/*.gz | wc -l')" = 1 ]
	nodes_equal
}

@test "a third node begins with the snapshot" {
	since=$(now)
	quietly docker exec "$(primary)" db snapshot
	quietly compose_up --scale mysql=3 --scale writer=0
	LIMIT=180 await whole 3
	figure "a replica without lag after $(($(now) - since)) ms"
	docker logs "${project}_mysql_3" 2>&1 | grep -q 'restored .*gz'
}

kill_process()
{
	docker exec "$before" sh -c 'kill -9 $(cat /var/lib/mysql/data/*.pid)'
	recovered 3000
}

@test "mysqld is killed" {
	rounds kill_process
}

kill_process_unseen()
{
	sever "$before" "$(address_of "$(containers consul)")"
	docker exec "$before" sh -c 'kill -9 $(cat /var/lib/mysql/data/*.pid)' || :	# dead already, if that took a lease
	LIMIT=20 await led_by_another
	mend "$before"
	recovered 9000
}

@test "mysqld is killed, and its pilotfish cannot report it: no client takes the old registration for the primary" {
	rounds kill_process_unseen
}

stop_container()
{
	docker stop "$before" >/dev/null
	LIMIT=20 await led_by_another
	[ "$(docker inspect -f '{{ .State.ExitCode }}' "$before")" = 0 ]
	docker start "$before" >/dev/null
	recovered 1000
}

@test "docker stop: a replica takes over" {
	rounds stop_container
}

kill_container()
{
	docker kill "$before" >/dev/null
	LIMIT=20 await led_by_another
	docker start "$before" >/dev/null
	recovered 9000
}

@test "docker kill" {
	rounds kill_container
}

pause_container()
{
	docker pause "$before" >/dev/null
	LIMIT=20 await led_by_another
	while (($(now) - since < 10000)); do sleep 0.1; done
	docker unpause "$before" >/dev/null
	recovered 9000
}

@test "docker pause for ten seconds" {
	rounds pause_container
}

cut_from_consul()
{
	sever "$before" "$(address_of "$(containers consul)")"
	LIMIT=20 await led_by_another
	mend "$before"
	recovered 12000
}

@test "the primary is cut off from Consul" {
	rounds cut_from_consul
}

cut_from_replicas()
{
	local name began late

	for name in $(replicas); do
		sever "$before" "$(address_of "$name")"
	done
	began=$(now)
	while (($(now) - began < 4000)); do sleep 0.1; done
	late=$(ledger count "$acked" "$((began + 1000))")	# once mended, the replicas may acknowledge at once
	mend "$before"
	((late == 0)) || fail "$late rows acknowledged without a replica"
	recovered 15000
}

@test "a primary without its replicas acknowledges nothing" {
	rounds cut_from_replicas
}

cut_from_both()
{
	local name

	for name in $(containers consul) $(replicas); do
		sever "$before" "$(address_of "$name")"
	done
	LIMIT=20 await led_by_another
	mend "$before"
	recovered 12000
}

@test "the primary is cut off from both" {
	rounds cut_from_both
}

restart_consul()
{
	local epoch

	epoch=$(kv primary?raw)
	quietly docker restart -t 1 "$(containers consul)"
	LIMIT=180 await whole 3
	[ "$(kv primary?raw)" = "$epoch" ]
	recovered 1000
}

@test "Consul restarts: with the safe profile the primary stays" {
	PROFILE=safe quietly compose_up --scale mysql=3 --scale writer=0
	LIMIT=180 await whole 3
	rounds restart_consul
	quietly compose_up --scale mysql=3 --scale writer=0
	LIMIT=180 await whole 3
}

@test "up to five, and down to two: no remaining node waits for a stopped one" {
	fault "round 1"
	quietly compose_up --scale mysql=5 --scale writer=0
	LIMIT=180 await whole 5
	quietly compose_up --scale mysql=2 --scale writer=0
	LIMIT=180 await whole 2
	recovered 1000
	nodes_equal
	quietly compose_up --scale mysql=3 --scale writer=0
	LIMIT=180 await whole 3
}

@test "all nodes have the same rows" {
	nodes_equal
}

@test "two servers were never writable at the same time" {
	local output

	output=$(ledger single "$roles") || fail "$output"
	figure "$output"
}

@test "without semi-synchronous replication this test detects lost rows" {
	local name left

	fault "round 1"
	left=$(replicas)
	sql "$before" 'SET GLOBAL rpl_semi_sync_master_enabled=0'
	for name in $left; do
		sql "$name" 'STOP SLAVE IO_THREAD'
		docker pause "$name" >/dev/null		# or its health check starts the thread again
	done
	since=$(now)
	LIMIT=60 await acknowledged 50
	docker kill "$before" >/dev/null
	for name in $left; do
		docker unpause "$name" >/dev/null
	done
	LIMIT=60 await led_by_another
	dump "$(primary)"
	run ledger lost "$acked" "$BATS_TEST_TMPDIR/$(primary)" "$since"
	figure "$output"
	[[ $output != 0\ * ]]
}
