# The TCP port for monitoring: metrics, health and status, for a real Prometheus.

load jobs

setup()
{
	export PILOTFISH_SOCKET=$dir/s
	free_port
}

config()		# TELEMETRY [JOBS]
{
	cat <<-EOF
		$1
		jobs = ( { name = "web"; exec = "sleep 1000"; health = { exec = "test ! -e $dir/ill"; interval = "200ms"; failures = 3; }; restarts = "unlimited"; }
			 ${2-} );
	EOF
}

get()			# PATH [OPTION...]
{
	curl -sS --max-time 5 "${@:2}" "http://127.0.0.1:$port$1"
}

code_of()
{
	get "$1" -o /dev/null -w '%{http_code}' "${@:2}"
}

value_of()		# METRIC: its value
{
	get /metrics | name=$1 awk '$1 == ENVIRON["name"] { print $2 }'
}

is_value()
{
	[[ $(value_of "$1") == "$2" ]]
}

@test "metrics tell what happens; promtool takes them" {
	config "telemetry = { port = $port; };" ', { name = "we\"i\\rd"; exec = "sh -c \"exit 3\""; restarts = 2;
		backoff = { min = "10ms"; }; }, { name = "slow"; exec = "sleep 1000"; timeout = "50ms"; }' | start_pilotfish
	await is_value 'pilotfish_job_healthy{job="web"}' 1
	started=$(value_of pilotfish_start_time_seconds)
	await is_value 'pilotfish_job_exits_total{job="slow",result="timeout"}' 1
	name='we\"i\\rd'
	await is_value "pilotfish_job_exits_total{job=\"$name\",result=\"failure\"}" 3
	is_value "pilotfish_job_starts_total{job=\"$name\"}" 3
	is_value "pilotfish_job_up{job=\"$name\"}" 0
	is_value "pilotfish_job_last_exit_code{job=\"$name\"}" 3
	is_value 'pilotfish_job_up{job="web"}' 1
	is_value 'pilotfish_healthy' 0
	kill -9 "$(job_pid web)"
	await is_value 'pilotfish_job_exits_total{job="web",result="signal"}' 1
	is_value pilotfish_start_time_seconds "$started"
	((${started%.*} <= EPOCHSECONDS && ${started%.*} > EPOCHSECONDS - 100))
	get /metrics | promtool check metrics
	[[ $(get /metrics -D - -o /dev/null) == *'text/plain; version=0.0.4'* ]]
	get /metrics -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5' -D "$dir/head" >"$dir/open"
	grep -q 'application/openmetrics-text; version=1.0.0' "$dir/head"
	[[ $(tail -n 1 "$dir/open") == '# EOF' ]]
	grep -qx '# TYPE pilotfish_job_starts counter' "$dir/open"
	[[ $(get /status | jq -r '.jobs[0].name') == web ]]
	[[ $(code_of /livez) == 200 && $(code_of /nothing) == 404 && $(code_of /status -X POST) == 405 ]]
}

@test "readiness follows the jobs, maintenance and the stop" {
	config "telemetry = { port = $port; address = \"127.0.0.1\"; };" | start_pilotfish
	ready() { [[ $(code_of /readyz) == "$1" && $(code_of /healthz) == "$1" ]]; }
	await ready 200
	touch "$dir/ill"
	await ready 503
	[[ $(get /readyz) == 'web is critical: '* && $(code_of /livez) == 200 ]]
	rm "$dir/ill"
	await ready 200
	"$pilotfish" maintenance on
	[[ $(get /readyz) == 'in maintenance' ]]
	is_value pilotfish_maintenance 1
	"$pilotfish" maintenance off
	await ready 200
}

@test "a port in use, a wrong address; reloads add, move and remove the port" {
	python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1]))); print("open", flush=True); time.sleep(100)' "$port" >"$dir/other" &
	other=$!
	await grep -q open "$dir/other"
	config "telemetry = { port = $port; address = \"127.0.0.1\"; };" >"$dir/taken.conf"
	run -73 "$pilotfish" -c "$dir/taken.conf"
	[[ $output == *"taken.conf: telemetry: cannot listen on 127.0.0.1 port $port: Address already in use" ]]
	config "telemetry = { port = $port; address = \"localhost\"; };" >"$dir/wrong.conf"
	run -65 "$pilotfish" check "$dir/wrong.conf"
	[[ $output == *'telemetry.address: must be a numeric address'* ]]

	taken=$port
	free_port
	config '' | start_pilotfish
	expect_events "web running"
	reload() { write_config; "$pilotfish" reload; }
	config "telemetry = { port = $port; };" | reload
	[[ $(code_of /livez) == 200 ]]
	run -65 reload < <(config "telemetry = { port = $taken; address = \"127.0.0.1\"; };")
	[[ $output == *'Address already in use'* && $(code_of /livez) == 200 ]]
	is_value 'pilotfish_config_reloads_total{result="failure"}' 1
	is_value pilotfish_config_last_reload_successful 0
	before=$port
	free_port
	config "telemetry = { port = $port; };" | reload
	[[ $(code_of /livez) == 200 ]]
	is_value pilotfish_config_last_reload_successful 1
	run ! curl -s --max-time 5 "http://127.0.0.1:$before/livez"
	config '' | reload
	run ! curl -s --max-time 5 "http://127.0.0.1:$port/livez"
	kill "$other"
}

@test "a real Prometheus scrapes it, and sees a job turn red and green" {
	config "telemetry = { port = $port; };" | start_pilotfish
	free_port prometheus_port
	cat >"$dir/prometheus.yml" <<-EOF
		global: { scrape_interval: 200ms, scrape_timeout: 200ms }
		scrape_configs: [ { job_name: pilotfish, static_configs: [ { targets: [ "127.0.0.1:$port" ] } ] } ]
	EOF
	prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" --log.level=error \
		--web.listen-address="127.0.0.1:$prometheus_port" 2>"$dir/prometheus.log" &
	prometheus=$!
	sees()	# QUERY VALUE
	{
		[[ $(curl -sS --max-time 5 -G "http://127.0.0.1:$prometheus_port/api/v1/query" --data-urlencode "query=$1" |
			jq -r '.data.result[0].value[1]') == "$2" ]]
	}
	LIMIT=30 await sees 'up{job="pilotfish"}' 1
	await sees 'pilotfish_job_healthy{exported_job="web"}' 1
	touch "$dir/ill"
	await sees 'pilotfish_job_healthy{exported_job="web"}' 0
	rm "$dir/ill"
	await sees 'pilotfish_job_healthy{exported_job="web"}' 1
	await sees 'pilotfish_job_starts_total{exported_job="web"}' 1
	kill "$prometheus"
	wait "$prometheus" || true
}
