# examples/nginx with docker-compose: scaled, stopped, killed, unhealthy, and without Consul.
# serial
# limit 900

load lib

TTL=3000 INTERVAL=500 FAILURES=2		# of examples/nginx/app/pilotfish.conf

up()
{
	compose_down >/dev/null 2>&1 || :
	quietly compose_up --scale app=0
	client_start "${project}_default" consul
}

# N instances pass and are nginx's upstreams.
scale()
{
	quietly compose_up --scale app="$1"
	LIMIT=20 await seen is passing "$1"
	LIMIT=20 await seen is upstreams "$1"
}

ask_consul()
{
	curl -sf "http://127.0.0.1:$(compose_port consul 8500)/v1/$1"
}

consul_knows()		# N passing instances
{
	[ "$(ask_consul "health/service/app?passing" | jq length)" = "$1" ]
}

# nginx dropped the instance before its container ended; the container may be removed by now.
left_in_time()
{
	local died

	died=$(docker events --since $((since / 1000)) --until "$(date +%s.%N)" --filter event=die \
		--filter container="${1#app-}" --format '{{ .TimeNano }}' | tail -n 1)
	note left "$1" $((died / 1000000 - since))
}

@test "one instance is served by nginx" {
	scale 1
	note joined 1000
}

@test "no root, no capability, no new privileges, and nothing to write to but a tmpfs" {
	local name status

	for name in $(containers app) $(containers nginx); do
		status=$(docker exec "$name" cat /proc/1/status)
		grep -qP '^Uid:\t65532\t65532\t65532\t65532$' <<<"$status"
		grep -qP '^Gid:\t65532\t65532\t65532\t65532$' <<<"$status"
		[ "$(grep -cP '^Cap(Inh|Prm|Eff|Bnd|Amb):\t0+$' <<<"$status")" = 5 ]
		grep -qP '^NoNewPrivs:\t1$' <<<"$status"
		docker exec "$name" sh -c '! touch /etc/x /x /usr/x 2>/dev/null'
	done
}

@test "the registered address is the container's own" {
	local name address

	for name in $(containers app) $(containers nginx); do
		address=$(address_of "$name")
		ask_consul agent/services | jq -e --arg address "$address" 'any(.Address == $address)'
	done
}

@test "up to five: each is served by nginx within a second of being healthy" {
	scale 5
	await seen met
	note joined 1000
	note clean
}

@test "down to two: nginx asks no stopped instance, and no request fails" {
	local before after

	scale 5
	since=$(now)
	before=$(seen ids passing)
	scale 2
	after=$(seen ids passing)
	for id in $before; do
		[[ $after == *"$id"* ]] || left_in_time "$id"
	done
	note clean
}

@test "up to five again" {
	scale 5
	await seen met
	note joined 1000
	note clean
}

@test "docker stop: no request fails" {
	local name

	scale 5
	since=$(now)
	name=$(containers app | head -n 1)
	docker stop "$name"
	left_in_time "$(id_of "$name")"
	[ "$(docker inspect -f '{{ .State.ExitCode }}' "$name")" = 0 ]
	note clean
}

@test "docker kill: out of nginx when the TTL has expired" {
	local name

	scale 5
	name=$(containers app | tail -n 1)
	since=$(now)
	docker kill "$name"
	await seen left "$(id_of "$name")" >/dev/null
	note left "$(id_of "$name")" $((TTL + 1000))
	note failed
}

@test "failing health: out of nginx after the last allowed failure, and back after recovery" {
	local name id

	scale 5
	name=$(containers app | head -n 1)
	id=$(id_of "$name")
	since=$(docker exec "$name" sh -c 'date +%s%3N; touch /tmp/ill')
	await seen left "$id" >/dev/null
	note left "$id" $((INTERVAL * FAILURES + 500))
	since=$(now)
	docker exec "$name" rm /tmp/ill
	await seen is upstreams 5
	await seen met
	note joined 1000
	note clean
}

@test "Consul restarts without its data: nginx keeps its upstreams, all instances register again" {
	scale 5
	since=$(now)
	docker restart -t 1 "$(containers consul)"
	LIMIT=30 await consul_knows 5
	note never-fewer 5
	note clean
}

update()		# VERSION COMPOSE-FILE...
{
	local files

	files=$(printf ':%s' "$example/docker-compose.yml" "${@:2}")
	COMPOSE_PROJECT_NAME=$project COMPOSE_FILE=${files#:} VERSION=$1 "$example/update"
}

all_have()		# N instances pass, and all have VERSION
{
	ask_consul "health/service/app?passing" | jq -e --arg version "$2" --argjson count "$1" '
		length == $count and all(.Service.Meta.version == $version)'
}

@test "update: two instances are replaced by two new ones, and no request fails" {
	scale 2
	since=$(now)
	quietly update 2
	await all_have 2 2
	await seen is upstreams 2
	note failed
}

@test "update to what does not start: the new instances go, the old ones stay, and no request fails" {
	printf 'services: { app: { command: -c /nowhere } }\n' >"$dir/broken.yml"
	LIMIT=3 run -1 update 3 "$dir/broken.yml"
	[[ $output == *"the new instances do not pass; the old instances go on"* ]]
	all_have 2 2
	[ "$(containers app | wc -l)" = 2 ]
	note clean
}

@test "docker-compose stop: all containers stop at once, and Consul has no left-overs" {
	docker rm -f "$client"
	quietly compose stop app nginx
	[ "$(containers app nginx | xargs docker inspect -f '{{ .State.ExitCode }}' | sort -u)" = 0 ]
	ask_consul agent/services | jq -e 'length == 0'
}
