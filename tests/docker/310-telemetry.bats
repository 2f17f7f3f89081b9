# examples/telemetry: Prometheus finds the containers of examples/nginx in Consul, and follows their number.
# Grafana's image is the registry's alone, so it is not started here.
# serial
# limit 900

load lib

example=$engine_root/examples/telemetry

up()
{
	compose_down >/dev/null 2>&1 || :
	quietly compose_up consul app nginx prometheus
}

ask_prometheus()	# PATH [QUERY]
{
	curl -sS --max-time 5 -G "http://127.0.0.1:$(compose_port prometheus 9090)/api/v1/$1" ${2:+--data-urlencode "query=$2"}
}

# Those that answer are the N containers of app, nginx and Prometheus itself.
scrapes()		# N
{
	local expected

	expected=$({ containers app | xargs -I{} docker inspect -f 'app-{{ .Config.Hostname }}' {}
		docker inspect -f 'nginx-{{ .Config.Hostname }}' "$(containers nginx)"
		docker inspect -f 'prometheus-{{ .Config.Hostname }}' "$(containers prometheus)"; } | sort)
	[[ $(wc -l <<<"$expected") == $(($1 + 2)) && $expected == "$(ask_prometheus targets |
		jq -r '.data.activeTargets[] | select(.health == "up").labels.instance' | sort)" ]]
}

is_value()		# QUERY VALUE
{
	[[ $(ask_prometheus query "$1" | jq -r '.data.result[0].value[1]') == "$2" ]]
}

@test "each instance is scraped, also after --scale app=5 and app=2" {
	LIMIT=40 await scrapes 1
	for count in 5 2; do
		since=$(now)
		quietly compose_up --scale app=$count consul app nginx prometheus
		LIMIT=30 await scrapes $count
		figure "$count apps are scraped after $(($(now) - since)) ms"
	done
	LIMIT=20 await is_value 'sum(pilotfish_job_healthy{job="app"} == 1)' 2
	LIMIT=20 await is_value 'sum(pilotfish_healthy)' 4
}

@test "an unhealthy app is pending as an alert, and each container has its own HEALTHCHECK" {
	local name

	name=$(containers app | head -n 1)
	docker exec "$name" touch /tmp/ill
	LIMIT=20 await is_value "count(ALERTS{alertname=\"HealthcheckFailing\",instance=\"$(id_of "$name")\"})" 1
	docker exec "$name" rm /tmp/ill
	LIMIT=20 await is_value 'sum(pilotfish_job_healthy{job="app"} == 1)' 2
	for name in $(containers app) $(containers nginx) $(containers prometheus); do
		docker inspect -f '{{ json .Config.Healthcheck.Test }}' "$(docker inspect -f '{{ .Image }}' "$name")" |
			grep -qF '"pilotfish","healthcheck"'
		LIMIT=20 await eval "[[ \$(docker inspect -f '{{ .State.Health.Status }}' $name) == healthy ]]"
	done
}
