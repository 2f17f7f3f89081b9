# mysql.bash - the cluster of examples/mysql under test.  `load lib` first, then this.
#
# Writers and a sampler run in the cluster's network all the time; their records are in $acked and $roles.
#
#   cluster_up N, cluster_down      N nodes; the writers connect to haproxy
#   writers_up NETWORK, writers_down
#   nodes, primary, replicas        prints containers; primary fails while there is none
#   sql NODE STATEMENT              runs STATEMENT in the container as the administrator
#   whole [N]                       succeeds if all nodes, or N, are a primary and replicas without lag
#   led_by_another                  succeeds if another container than $before is the primary
#   writing_begins                  sets $since, and waits for $ENOUGH acknowledged rows
#   fault ROUND                     begins a round of that name: waits for $ENOUGH rows, then sets $since and $before, the primary
#   recovered MILLISECONDS          waits for $ENOUGH acknowledged rows; shows the outage since the fault and the target
#                                   MILLISECONDS.  As the machine may be busy, only 3 * MILLISECONDS + 2 s fails
#   nothing_lost                    compares the acknowledged rows with the primary's
#   nodes_equal                     stops writing, and compares the acknowledged rows with those of each node
#   sever NODE [ADDRESS...]         drops the node's packets from and to all, or these, addresses; mend NODE

example=$engine_root/examples/mysql
ROUNDS=${MYSQL_ROUNDS:-1}
ENOUGH=200			# rows; twice in a round: before and after the fault
PAUSE=0.04			# seconds between two rows of a writer: the replicas of a busy machine keep up
writers=$project-writers
sampler=$project-sampler
acked=$BATS_FILE_TMPDIR/acked
roles=$BATS_FILE_TMPDIR/roles

ledger()
{
	"$BATS_TEST_DIRNAME/ledger" "$@"
}

# How clients get their password: from the volume of the nodes, which made it.
credentials=(-v "${project}_secrets:/secrets:ro" -e MYSQL_PASSWORD_FILE=/secrets/mysql-password)

in_network()		# NETWORK NAME COMMAND
{
	docker rm -f "$2" >/dev/null 2>&1 || :
	quietly docker run -d --name "$2" --network "$1" --read-only --cap-drop ALL -e PAUSE="$PAUSE" "${credentials[@]}" \
		--entrypoint sh -v "$BATS_FILE_TMPDIR:/seen" -v "$BATS_TEST_DIRNAME:/tests:ro" \
		pilotfish-example-writer -c "exec $3"
}

writers_up()
{
	chmod 777 "$BATS_FILE_TMPDIR"
	touch "$acked" "$roles"
	chmod 666 "$acked" "$roles"
	in_network "$1" "$sampler" 'python3 /tests/sampler.py mysql >>/seen/roles'
	in_network "$1" "$writers" 'writer haproxy 4 /seen/acked'
}

writers_down()
{
	docker rm -f "$writers" "$sampler" >/dev/null 2>&1 || :
}

cluster_up()
{
	cluster_down >/dev/null 2>&1 || :
	quietly compose_up --scale mysql="$1" --scale writer=0
	writers_up "${project}_default"
	LIMIT=180 await whole "$1"		# a busy machine creates a database slowly; no test of speed
}

cluster_down()
{
	writers_down
	compose_down
}

nodes()
{
	running_containers mysql
}

kv()
{
	curl -sf --max-time 3 "http://127.0.0.1:$(compose_port consul 8500)/v1/kv/service/mysql/$1"
}

primary()
{
	local id

	id=$(kv leader | jq -r '.[0] | select(.Session).Value | @base64d | fromjson | select(.epoch).id') &&
		[[ $id ]] && container_of "$id"
}

replicas()
{
	nodes | grep -vx "$(primary)"
}

sql()
{
	timeout 10 docker exec "$1" mariadb --batch --skip-column-names -e "$2"
}

health()
{
	timeout 5 docker exec "$1" db health
}

whole()
{
	local name leader address count=0

	leader=$(primary) || return
	address=$(address_of "$leader")
	for name in $(nodes); do
		count=$((count + 1))
		if [[ $name == "$leader" ]]; then
			[[ $(health "$name") == primary* ]]
		else
			[[ $(health "$name") == "replica of $address, 0 s behind" ]]
		fi || return
	done
	((count == ${1:-$count} && count > 0)) || return
	((count == 1)) || [[ $(kv primary?raw) == *'"sync": true'* ]]
}

led_by_another()
{
	local leader

	leader=$(primary) && [[ $leader != "$before" ]]
}

acknowledged()		# N since $since
{
	(($(ledger count "$acked" "$since") >= $1))
}

writing_begins()
{
	since=$(now)
	LIMIT=180 await acknowledged "$ENOUGH"
}

fault()
{
	LIMIT=180 await whole
	writing_begins
	before=$(primary)
	round=$1
	since=$(now)
}

recovered()
{
	local output fault=$since

	writing_begins
	output=$(ledger outage "$acked" "$fault")
	figure "$round: $output, target $1; load $(cut -d ' ' -f 1 /proc/loadavg)"
	[[ $output =~ ([0-9]+)\ ms\ without ]]
	((BASH_REMATCH[1] <= 3 * $1 + 2000)) || fail "$round: $output"
}

dump()
{
	sql "$1" 'SELECT writer, number FROM app.written' >"$BATS_TEST_TMPDIR/$1"
}

compare()		# NODE ACKED [PREFIX]
{
	local output status=0

	dump "$1"
	output=$(ledger compare "$2" "$BATS_TEST_TMPDIR/$1") || status=$?
	figure "${3-}$output"
	((status == 0)) || fail "$1: $output"
}

nothing_lost()
{
	cp "$acked" "$BATS_TEST_TMPDIR/acked"		# writers go on appending
	compare "$(primary)" "$BATS_TEST_TMPDIR/acked"
}

nodes_equal()
{
	local name sums

	LIMIT=180 await whole
	docker stop -t 1 "$writers" >/dev/null
	LIMIT=180 await level
	for name in $(nodes); do
		compare "$name" "$acked" "$name: "
	done
	sums=$(for name in $(nodes); do sql "$name" 'CHECKSUM TABLE app.written'; done | sort -u | wc -l)
	((sums == 1)) || fail "$sums checksums"
	docker start "$writers" >/dev/null
}

level()			# all nodes have the same last transaction
{
	(($(for name in $(nodes); do sql "$name" 'SELECT @@gtid_binlog_pos'; done | sort -u | wc -l) == 1))
}

# We cannot see processes of an engine outside our PID namespace.
in_net_of()
{
	local pid

	pid=$(docker inspect -f '{{ .State.Pid }}' "$1")
	nsenter -t "$pid" -n "${@:2}"
}

sever()
{
	local address

	for address in "${@:2}"; do
		in_net_of "$1" iptables -A INPUT -s "$address" -j DROP
		in_net_of "$1" iptables -A OUTPUT -d "$address" -j DROP
	done
}

mend()
{
	in_net_of "$1" iptables -F
}
