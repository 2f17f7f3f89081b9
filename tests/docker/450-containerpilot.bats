# examples/containerpilot: the stack with files of ContainerPilot 2 and 3, run by a pilotfish of that name.
# serial
# limit 600

load lib

example=$engine_root/examples/containerpilot
project=$project-containerpilot
TTL=3000			# of the app

up()
{
	compose_down >/dev/null 2>&1 || :
	quietly compose_up
	client_start "${project}_default" consul
}

scale()			# N instances pass and are nginx's upstreams
{
	quietly compose_up --scale app="$1"
	LIMIT=30 await seen is passing "$1"
	LIMIT=10 await seen is upstreams "$1"
}

ask()			# URL, from inside the network
{
	docker exec "$client" node -e "fetch('$1').then(answer => answer.text()).then(console.log)"
}

visits()		# PATTERN: the app's answer has it
{
	[[ $(ask http://nginx:8080/visits) == *$1* ]]
}

knows()			# N instances of the database pass in Consul, and N are registered
{
	local path

	for path in health/service/db?passing catalog/service/db; do
		[ "$(ask "http://consul:8500/v1/$path" | jq length)" = "$1" ] || return
	done
}

exports()		# PATTERN HOST: among its metrics
{
	ask "http://$2:9090/metrics" | grep -qE "$1"
}

pilot()			# CONTAINER OPTION...
{
	docker exec "$1" containerpilot "${@:2}"
}

says()			# CONTAINER TEXT: its log has it
{
	[[ $(docker logs "$1" 2>&1) == *$2* ]]
}

@test "up: nginx has the app, and the app has the database" {
	LIMIT=60 await seen is upstreams 1
	LIMIT=10 await visits "1 visits"
	says "$(containers db)" "made a database"
}

@test "the sensor of version 2 and -putmetric of version 3 feed the metrics" {
	LIMIT=10 await exports '^db_connections [1-9]' db
	LIMIT=10 await exports '^nginx_connections [1-9]' nginx
	exports '^containerpilot_watch_instances\{service="app"\} 1' nginx
}

@test "scale app=3: nginx balances over three, and no request fails" {
	scale 3
	await seen met
	note joined 1500
	note clean
}

@test "-ping in each container; -maintenance enable takes an app out of nginx, disable brings it back" {
	local name

	for name in $(containers db app nginx); do
		[ "$(pilot "$name" -ping)" = ok ]
	done
	name=$(containers app | tail -n 1)
	pilot "$name" -maintenance enable
	await seen left "$(id_of "$name")"
	await seen is upstreams 2
	pilot "$name" -maintenance disable
	await seen is upstreams 3
	note clean
}

@test "docker stop of an app: its preStop lets it drain, and it exits with 0" {
	local name

	name=$(containers app | tail -n 1)
	docker stop "$name"
	await seen is upstreams 2
	[ "$(docker inspect -f '{{ .State.ExitCode }}' "$name")" = 0 ]
	note clean
}

@test "docker kill of an app: out of nginx when the TTL has expired, and no request fails" {
	local id name

	name=$(running_containers app | tail -n 1)
	id=$(id_of "$name")
	since=$(now)
	docker kill "$name"
	await seen left "$id" >/dev/null
	note left "$id" $((TTL + 1500))
	note failed
}

@test "docker stop of the database: postStop has run, Consul has forgotten it, the app says so; a start brings it back" {
	local name

	name=$(containers db)
	quietly docker exec "$name" manage backup
	docker stop "$name"
	[ "$(docker inspect -f '{{ .State.ExitCode }}' "$name")" = 0 ]
	says "$name" "the database has stopped, its newest backup is 2*.sql.gz"
	await knows 0
	LIMIT=10 await visits "there is no database"
	docker start "$name"
	LIMIT=30 await knows 1
	LIMIT=10 await visits "2 visits"
	note failed
}

@test "a container exits with the code of its application; the variable may have the text of a file" {
	run -3 docker run --rm --network none \
		-e CONTAINERPILOT='{ "consul": "consul", "preStart": "echo first", "postStop": "echo last" }' \
		pilotfish-example-cp-db sh -c 'echo then; exit 3'
	[[ $output == *first*then*last* ]]
}
