# engine.bash - Docker, the images, and an example, for scripts and tests.  To be sourced.
#
#   engine_start        ensures that a Docker engine answers: if none runs, starts our own with its data in $B/docker.
#                       If it cannot, it fails with the reason on stderr.
#   engine_stop         stops our own engine
#   images_make         builds the images of pilotfish (from `make release`) and of the examples.  Base images come
#                       from the registry; if it cannot be reached, from Debian's packages.
#   compose ARG...      runs docker-compose on $example (default: examples/nginx), as the project $project, with
#                       free ports of this host
#   compose_up [ARG...], compose_down
#   compose_port SERVICE PORT    prints the host's port that is mapped to PORT
#   running_containers SERVICE   prints the names of its running containers, in order
#   containers SERVICE           also those that have stopped

engine_root=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
B=${B:-build}
[[ $B == /* ]] || B=$engine_root/$B
engine_folder=$B/docker
mkdir -p "$engine_folder"
engine_run=/tmp/pilotfish-docker-$(cksum <<<"$engine_folder" | cut -d ' ' -f 1)
project=pilotfish-tests-${engine_run##*-}
example=$engine_root/examples/nginx
export CONSUL_PORT=0 HTTP_PORT=0 HTTPS_PORT=0 MYSQL_PORT=0 PROMETHEUS_PORT=0 GRAFANA_PORT=0 DOCKER_BUILDKIT=0 COMPOSE_INTERACTIVE_NO_CLI=1
[[ $PATH == *:/usr/sbin* ]] || PATH=$PATH:/usr/sbin:/sbin

engine_answers()
{
	docker version >/dev/null 2>&1
}

engine_fail()
{
	printf '%s\n' "$*" >&2
	return 1
}

# Otherwise all containers together get as much time as one other session: with a busy host a database needs minutes.
engine_share()
{
	local group=/sys/fs/cgroup/cpu/docker

	{ mkdir -p "$group" && echo 16384 >"$group/cpu.shares"; } 2>/dev/null || :
}

engine_start()
{
	local waited=0 tool

	for tool in docker docker-compose; do
		command -v "$tool" >/dev/null || { engine_fail "$tool is not installed"; return; }
	done
	! engine_answers || return 0
	command -v dockerd >/dev/null || { engine_fail "no Docker engine answers, and dockerd is not installed"; return; }
	((EUID == 0)) || { engine_fail "no Docker engine answers, and only root can start one"; return; }

	# An engine that was killed leaves these; a swarm would start again with all its old services.
	rm -rf "$engine_run" "$engine_folder/engine/swarm"
	mkdir -p "$engine_run"
	engine_share
	dockerd --data-root "$engine_folder/engine" --exec-root "$engine_run/exec" \
		--pidfile "$engine_run/pid" >"$engine_folder/engine.log" 2>&1 </dev/null 3>&- &
	until engine_answers; do
		if ((++waited > 300)) || ! kill -0 $! 2>/dev/null; then
			engine_stop
			engine_fail "dockerd does not start: $(tail -n 1 "$engine_folder/engine.log")"
			return
		fi
		sleep 0.1
	done
}

engine_stop()
{
	local pid waited=0

	pid=$(cat "$engine_run/pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null
	while kill -0 "$pid" 2>/dev/null; do
		((++waited <= 300)) || { kill -KILL "$pid"; break; }
		sleep 0.1
	done
	rm -rf "$engine_run"
}

# Pulls an image from the registry, or makes it by the function make_it.
image_have()
{
	local name=$1 make_it=$2

	docker image inspect "$name" >/dev/null 2>&1 ||
		timeout 120 docker pull -q "$name" >/dev/null 2>&1 ||
		"$make_it" "$name"
}

image_debian()
{
	local make=$engine_root/tests/docker/base tar base

	base=pilotfish-tests-base:$(cksum <"$make" | cut -d ' ' -f 1)
	tar=$engine_folder/${base/:/-}.tar
	[[ -e $tar ]] || "$make" "$tar" || return
	docker image inspect "$base" >/dev/null 2>&1 || docker import "$tar" "$base" || return
	docker tag "$base" "$1"
}

# As the registry's image of nginx, whose log folder the base has lost.
image_nginx()
{
	image_have debian:bookworm-slim image_debian &&
		printf 'FROM debian:bookworm-slim\nRUN mkdir -p /var/log/nginx\n' | docker build -q --force-rm -t "$1" -
}

# As the registry's image, which has a user for Consul, and a folder for its data.
image_consul()
{
	local context=$engine_folder/consul

	mkdir -p "$context"
	cp -L "$(command -v consul)" "$context/consul"
	docker build -q --force-rm -t "$1" -f - "$context" <<-'END'
		FROM debian:bookworm-slim
		COPY consul /usr/local/bin/
		RUN install -d -o 100 -g 1000 /consul/data
		EXPOSE 8500
		ENTRYPOINT ["consul"]
	END
}

# As the registry's image, which has a folder for the data.
image_prometheus()
{
	local context=$engine_folder/prometheus

	mkdir -p "$context"
	cp -L "$(command -v prometheus)" "$(command -v promtool)" "$context"
	docker build -q --force-rm -t "$1" -f - "$context" <<-'END'
		FROM debian:bookworm-slim
		COPY prometheus promtool /bin/
		RUN install -d -o 65534 -g 65534 /prometheus
	END
}

# The base images that the quick start and the examples name.
images_named()
{
	sed -nE 's/^ *FROM ([^ ]+:[^ ]+).*/\1/p; s/.* ([^ ]*consul:[0-9][^ ]*) agent.*/\1/p' \
		"$engine_root"/README.md "$engine_root"/examples/{*,*/*}/Dockerfile | sort -u
}

images_build()
{
	local name example

	image_have debian:bookworm-slim image_debian || return
	for name in $(images_named); do
		case $name in
		*consul:*) image_have "$name" image_consul ;;
		nginx:*) image_have "$name" image_nginx ;;
		prom/*) image_have "$name" image_prometheus ;;
		*) image_have "$name" image_debian ;;
		esac || return
	done
	docker build -q --force-rm -t pilotfish -f - "$B/release" <<-'END' || return
		FROM scratch
		COPY pilotfish /pilotfish
		ENTRYPOINT ["/pilotfish"]
	END
	for example in "$engine_root"/examples/*/docker-compose.yml; do
		example=${example%/*}
		compose build -q --force-rm || return
	done
}

# A tag of the image pilotfish says from which files all images were built last.
images_make()
{
	local sources made

	env -u MAKEFLAGS -u MFLAGS make -s -C "$engine_root" B="${B#"$engine_root"/}" release || return
	sources=$(find "$engine_root"/{README.md,examples,tests/docker/{base,engine.bash}} "$B/release/pilotfish" -type f \
		-exec cksum {} + | sort | cksum)
	made=pilotfish-tests-made:${sources%% *}
	[[ $(docker image inspect -f '{{ .Id }}' pilotfish "$made" 2>/dev/null | uniq -c) != *" 2 "* ]] || return 0
	images_build && docker tag pilotfish "$made"
}

compose()
{
	docker-compose -p "$project" -f "$example/docker-compose.yml" "$@"
}

compose_up()
{
	compose up -d --no-build "$@"
}

compose_down()
{
	compose down --volumes --remove-orphans --timeout 10
}

# docker-compose itself takes half a second to start.
running_containers()		# SERVICE [OPTION]
{
	docker ps "${@:2}" --filter "label=com.docker.compose.project=$project" \
		--filter "label=com.docker.compose.service=$1" --format '{{ .Names }}' | sort -V
}

containers()
{
	local service

	for service in "$@"; do
		running_containers "$service" -a
	done
}

compose_port()
{
	local address

	address=$(docker port "$(containers "$1" | head -n 1)" "$2" | head -n 1) && echo "${address##*:}"
}
