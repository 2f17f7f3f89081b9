# examples/nginx as a stack of a swarm: scaled, and updated while requests come in.
# serial
# limit 900

load lib

up()
{
	local token

	[[ ! $(docker service ls -q --filter "label=com.docker.stack.namespace=$project" 2>/dev/null) ]] || down
	if [[ $(docker info -f '{{ .Swarm.LocalNodeState }}') != inactive ]]; then
		no_engine="this engine is part of a swarm already"
		export no_engine
		return
	fi
	quietly docker swarm init --advertise-addr 127.0.0.1
	token=$(</proc/sys/kernel/random/uuid)
	docker secret create consul-token - <<<"$token"
	docker secret create consul-acl.hcl - <<-END
		acl { enabled = true default_policy = "deny" tokens { master = "$token" agent = "$token" } }
	END
	deploy 1
	await network_is_there
	client_start "${project}_front"
}

network_is_there()
{
	docker network inspect "${project}_front" >/dev/null 2>&1
}

is_gone()
{
	[[ ! $(docker ps -aq --filter "label=com.docker.stack.namespace=$project") ]]
}

deploy()
{
	VERSION=$1 quietly docker stack deploy --resolve-image never -c "$example/stack.yml" "$project"
}

down()
{
	docker stack rm "$project"
	LIMIT=60 await is_gone
	docker swarm leave --force
	docker network rm docker_gwbridge
}

teardown_file()
{
	file_end down
}

scale()
{
	quietly docker service scale --detach=true "${project}_app=$1"
	LIMIT=30 await seen is upstreams "$1"
}

# All of nginx's upstreams are new instances.
all_are_new()
{
	local id

	seen is upstreams 3 || return
	for id in $before; do
		[[ $(seen ids upstreams) != *"$id"* ]] || return
	done
}

@test "three instances with a token from a secret, served by nginx" {
	LIMIT=60 await seen is upstreams 3
}

@test "registers the address in the configured network, and only with the token" {
	local app services

	LIMIT=60 await seen is upstreams 3
	app=$(docker ps -q --filter "label=com.docker.swarm.service.name=${project}_app" | head -n 1)
	services=$(docker exec "$app" node -e '
		const url = "http://consul:8500/v1/agent/services";
		const token = fs.readFileSync("/run/secrets/consul-token", "utf8").trim();

		fetch(url, { headers: { "X-Consul-Token": token } })
			.then(answer => answer.text()).then(console.log)
			.then(() => fetch(url)).then(answer => answer.text()).then(console.log);')
	jq -se '(.[0] | map(.Service) | sort == ["app", "app", "app", "nginx"]) and
		(.[0] | all(.Address | startswith("10.88."))) and .[1] == {}' <<<"$services"
}

@test "up to five and down to two: no request fails" {
	scale 5
	scale 2
	note clean
}

@test "a rolling update: no request fails, and nginx always has an upstream" {
	local before

	scale 3
	since=$(now)
	before=$(seen ids upstreams)
	deploy 2
	LIMIT=60 await all_are_new
	note never-fewer 1
	note clean
}
