# examples/mysql as a stack of a swarm: a replaced task is a new node, and no acknowledged row is lost.
# serial
# limit 900

load lib
load mysql

password=a-secret
credentials=(-e MYSQL_PASSWORD=$password)

up()
{
	[[ ! $(docker service ls -q --filter "label=com.docker.stack.namespace=$project" 2>/dev/null) ]] || down
	if [[ $(docker info -f '{{ .Swarm.LocalNodeState }}') != inactive ]]; then
		no_engine="this engine is part of a swarm already"
		export no_engine
		return
	fi
	quietly docker swarm init --advertise-addr 127.0.0.1
	docker secret create mysql-password - <<<"$password"
	docker secret create replication-password - <<<"$(</proc/sys/kernel/random/uuid)"
	quietly docker stack deploy --resolve-image never -c "$example/stack.yml" "$project"
	LIMIT=60 await swarm_whole
	writers_up "${project}_back"
}

down()
{
	writers_down
	docker stack rm "$project"
	LIMIT=60 await is_gone
	docker volume rm "${project}_consul" "${project}_snapshots"
	docker swarm leave --force
	docker network rm docker_gwbridge
}

is_gone()
{
	[[ ! $(docker ps -aq --filter "label=com.docker.stack.namespace=$project") ]]
}

teardown_file()
{
	file_end down
}

tasks()
{
	docker ps -q --filter "label=com.docker.swarm.service.name=${project}_mysql"
}

# The number of tasks whose health output begins so: "primary", "replica of".
count_roles()
{
	local id count=0

	for id in $(tasks); do
		[[ $(health "$id") != "$1"* ]] || count=$((count + 1))
	done
	echo "$count"
}

swarm_whole()
{
	(($(count_roles primary) == 1 && $(count_roles "replica of") == 2))
}

leader()
{
	local id

	for id in $(tasks); do
		[[ $(health "$id") != primary* ]] || echo "$id"
	done
}

check_rows()
{
	docker stop -t 1 "$writers" >/dev/null
	LIMIT=60 await swarm_whole
	compare "$(leader)" "$acked"
	docker start "$writers" >/dev/null
}

@test "three tasks form one database, with passwords from secrets" {
	writing_begins
	check_rows
}

@test "the primary's task is killed: another task leads, and a new task begins with the snapshot" {
	writing_begins
	since=$(now)
	before=$(leader)
	docker kill "$before" >/dev/null
	LIMIT=60 await swarm_whole
	round="round 1"
	recovered 9000
	check_rows
}
