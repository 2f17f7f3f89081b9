# The alerts and the dashboard of examples/telemetry, with a real Prometheus that pilotfish starts as there.

load jobs

telemetry=$root/examples/telemetry

setup()
{
	free_port port prometheus_port prometheus_telemetry
}

get()			# PATH
{
	curl -sS --max-time 5 "http://127.0.0.1:$port$1"
}

# --- names

# The names of metrics in PromQL: what is neither a string, a label, a range, a function nor a keyword.
metrics_in()
{
	sed -E 's/"[^"]*"//g; s/\{[^}]*\}//g; s/\[[^]]*\]//g; s/\b(by|without|on|ignoring|group_left|group_right) *\([^)]*\)//g' |
		grep -oP '\b[a-zA-Z_:][a-zA-Z0-9_:]*\b(?! *\()' | grep -vxE 'and|or|unless|bool|offset|up' | sort -u
}

rules() { python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' <"$telemetry/pilotfish.rules.yml"; }

# Fails with the names that no metric has; a histogram has three more.
refute_unknown_metrics()
{
	local unknown

	unknown=$(metrics_in | grep -vxFf <(get /metrics | awk '$2 == "TYPE" { print $3 }
		$2 == "TYPE" && $4 == "histogram" { print $3 "_bucket"; print $3 "_sum"; print $3 "_count" }')) || return 0
	fail "pilotfish has no metric $unknown"
}

@test "pilotfish has each metric that the alerts and the dashboard name" {
	start_pilotfish <<-EOF
		telemetry = { port = $port; };
		jobs = ( { name = "web"; exec = "sleep 1000"; } );
	EOF
	expect_events "web running"
	rules | jq -r '.groups[].rules[].expr' >"$dir/alerts"
	jq -r '.. | .expr? // empty' "$telemetry/grafana/pilotfish.json" >"$dir/panels"
	jq -r '.templating.list[] | select(.type == "query").query.query' "$telemetry/grafana/pilotfish.json" |
		sed -E 's/label_values\(([^,{]*).*/\1/' >>"$dir/panels"
	(($(metrics_in <"$dir/alerts" | wc -l) > 15 && $(metrics_in <"$dir/panels" | wc -l) > 20))
	refute_unknown_metrics <"$dir/alerts"
	refute_unknown_metrics <"$dir/panels"
	run -1 refute_unknown_metrics <<<'sum by (nothing) (rate(pilotfish_job_up{nothing="nothing"}[5m])) > 1 or pilotfish_nothing'
	[[ $output == "pilotfish has no metric pilotfish_nothing" ]]
}

# --- a real Prometheus

# The example's own files, with short times, and paths and ports of this test.
start_prometheus()
{
	sed -E 's/: 5s/: 200ms/g' "$telemetry/prometheus/prometheus.yml" |
		sed "s,/etc/prometheus,$dir,; s,/run/prometheus,$dir," >"$dir/prometheus.yml"
	sed -E 's/for: .*/for: 400ms/; s/\[10m\]/[10s]/' "$telemetry/pilotfish.rules.yml" >"$dir/pilotfish.rules.yml"
	promtool check config "$dir/prometheus.yml"
	sed "s,consul:8500,$consul_address,; s,/etc/prometheus/targets,$telemetry/prometheus/targets,
		s,/run/prometheus,$dir,; s,/etc/prometheus,$dir,; s,path=/prometheus,path=$dir/tsdb,
		s,9464,$prometheus_telemetry,; s,9090,$prometheus_port,
		s,--storage.tsdb.path,--web.listen-address=127.0.0.1:$prometheus_port --log.level=error &,
		s,meta = ,interfaces = \"static:127.0.0.1\"; &," "$telemetry/prometheus/pilotfish.conf" |
		start_pilotfish -n prometheus
}

ask_prometheus()	# PATH
{
	curl -sS --max-time 5 "http://127.0.0.1:$prometheus_port/api/v1/$1"
}

# "ALERT JOB INSTANCE" of each that fires, in order.
firing()
{
	ask_prometheus alerts | jq -r '.data.alerts[] | select(.state == "firing").labels | "\(.alertname) \(.exported_job // .job) \(.instance)"' | sort
}

fires()
{
	[[ $(firing) == "$1" ]]
}

scrapes()		# the instances that answer
{
	[[ $(ask_prometheus targets | jq -r '[ .data.activeTargets[] | select(.health == "up").labels.instance ] | sort | join(" ")') == "$1" ]]
}

start_app()		# ID TELEMETRY
{
	start_pilotfish -n "$1" <<-EOF
		consul = "$consul_address"; telemetry = { port = $2; };
		jobs = ( { name = "web"; exec = "sleep 1000"; restarts = "unlimited"; backoff = { min = "50ms"; };
			   services = ( { name = "app"; id = "$1"; port = $2; interfaces = "static:127.0.0.1"; meta = { telemetry = "$2"; }; } );
			   health = { exec = "test ! -e $dir/ill-$1"; interval = "200ms"; ttl = "10s"; }; } );
	EOF
}

@test "a real Prometheus finds instances in Consul, and its alerts fire and resolve" {
	start_consul
	export PILOTFISH_SOCKET=$dir/s
	start_app app-1 "$port"
	PILOTFISH_SOCKET=off start_prometheus
	LIMIT=40 await scrapes "app-1 prometheus-$HOSTNAME"
	free_port second
	PILOTFISH_SOCKET=off start_app app-2 "$second"
	LIMIT=30 await scrapes "app-1 app-2 prometheus-$HOSTNAME"
	await fires ''

	touch "$dir/ill-app-1"
	LIMIT=20 await fires $'HealthcheckFailing web app-1\nInstanceUnhealthy app app-1'
	[[ $(ask_prometheus alerts | jq -r '.data.alerts[] | select(.labels.alertname == "HealthcheckFailing").annotations.summary') == \
		"web of app-1 runs but fails its health check" ]]
	[[ $(ask_prometheus alerts) != *'no value'* ]]
	rm "$dir/ill-app-1"
	LIMIT=20 await fires ''

	"$pilotfish" maintenance on
	LIMIT=20 await fires 'MaintenanceForLong app app-1'
	"$pilotfish" maintenance off
	LIMIT=20 await fires ''

	# An instance that leaves in order is soon no target any more; a dead one is until Consul forgets it.
	stop_pilotfish -n app-2
	LIMIT=30 await scrapes "app-1 prometheus-$HOSTNAME"
	await fires ''
	kill -9 "$(pid_of app-1)"
	LIMIT=20 await fires 'InstanceDown app app-1'
	stop_pilotfish -n prometheus
	expect_code 0
}
