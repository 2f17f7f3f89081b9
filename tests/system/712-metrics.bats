# Metrics of the application, which the configuration declares, and pilotfish's own counts.

load jobs

setup()
{
	export PILOTFISH_SOCKET=$dir/s
	free_port
	declared='{ name = "sent_total"; type = "counter"; help = "Mails \"sent\" \\ over all."; labels = "kind"; },
		{ name = "queue_length"; type = "gauge"; help = "Mails that wait."; },
		{ name = "wait_seconds"; type = "histogram"; help = "Waiting."; buckets = (0.1, 1, 5); },
		{ name = "size_bytes"; type = "summary"; help = "Sizes."; labels = [ "kind", "to" ]; }'
}

config()		# METRICS [JOBS]
{
	cat <<-EOT
		telemetry = { port = $port; address = "127.0.0.1"; metrics = ( $1 ); };
		jobs = ( { name = "web"; exec = "sleep 1000"; } ${2-} );
	EOT
}

get()			# [CURL OPTION...]
{
	curl -sS --max-time 5 "$@" "http://127.0.0.1:$port/metrics"
}

value_of()		# METRIC: its value
{
	get | name=$1 awk '$1 == ENVIRON["name"] { print $2 }'
}

is_value()
{
	[[ $(value_of "$1") == "$2" ]]
}

set_metric()
{
	"$pilotfish" metric set "$@"
}

post()			# BODY: the status and the answer
{
	curl -sS --max-time 5 --unix-socket "$PILOTFISH_SOCKET" http://x/v4/metric --data-binary "$1" -w '%{http_code}'
}

refused()		# CODE MESSAGE ARGUMENTS...: `metric set` fails, and nothing changes
{
	local before

	before=$(get | grep -E '^(sent|queue|wait|size)_')
	run -"$1" set_metric "${@:3}"
	[[ $output == *"$2"* ]] || fail "$output"
	[[ $(get | grep -E '^(sent|queue|wait|size)_') == "$before" ]]
}

@test "the verb metrics names each metric of pilotfish, its type and its labels" {
	start_consul
	start_pilotfish <<-EOT
		consul = "$consul_address";
		telemetry = { port = $port; address = "127.0.0.1"; };
		jobs = ( { name = "web"; exec = "sleep 1000"; port = 80; interfaces = "static:127.0.0.1";
			   health = { exec = "true"; interval = "100ms"; }; } );
		watches = ( { name = "web"; } );
		elections = ( { name = "e"; job = "web"; id = "me"; } );
	EOT
	expect_events "watch.web healthy"
	LIMIT=20 expect_events "election.e leader"
	"$pilotfish" metrics | sed -n 's/^\([a-z_]*\) (\([a-z]*\).*/\1 \2/p' >"$dir/named"
	get | awk '$1 == "#" && $2 == "TYPE" { print $3, $4 }' >"$dir/told"
	(($(wc -l <"$dir/told") > 35))
	[[ ! $(grep -vxFf "$dir/named" "$dir/told") ]] || fail "$(grep -vxFf "$dir/named" "$dir/told")"
	get | grep -q '^pilotfish_job_exits_total{job="web",result="signal"} 0'
	"$pilotfish" metrics | grep -qx 'pilotfish_job_exits_total (counter by job, result)'
	"$pilotfish" metrics | grep -qx 'pilotfish_consul_requests_total (counter by operation, code)'
	get | grep -q '^pilotfish_consul_requests_total{operation="[a-z]*",code="200"} '
}

@test "each type of metric is set; promtool takes them in both formats" {
	config "$declared" | start_pilotfish
	await_port "$port"
	is_value wait_seconds_count 0
	is_value queue_length ''
	set_metric 'sent_total{kind="a"}' 1.5
	set_metric 'sent_total{kind="a"}=2' 'sent_total{kind="we\"i\\r\nd=}"}=1' queue_length=-3
	set_metric queue_length 7
	for value in 0.05 0.1 3 1e2; do
		set_metric wait_seconds "$value"
	done
	set_metric 'size_bytes{to="b",kind="a=b"}=10' && set_metric 'size_bytes{ kind = "a=b" , to = "b", }=20'
	is_value 'sent_total{kind="a"}' 3.5
	is_value 'sent_total{kind="we\"i\\r\nd=}"}' 1
	is_value queue_length 7
	is_value 'wait_seconds_bucket{le="0.1"}' 2
	is_value 'wait_seconds_bucket{le="1"}' 2
	is_value 'wait_seconds_bucket{le="5"}' 3
	is_value 'wait_seconds_bucket{le="+Inf"}' 4
	is_value wait_seconds_sum 103.15
	is_value 'size_bytes_sum{kind="a=b",to="b"}' 30
	is_value 'size_bytes_count{kind="a=b",to="b"}' 2
	[[ $(post '{"queue_length": 4, "sent_total{kind=\"a\"}": "1"}') == $'2 set\n200' ]]
	is_value queue_length 4
	get | promtool check metrics
	get -H 'Accept: application/openmetrics-text' >"$dir/open"
	grep -qx '# TYPE sent counter' "$dir/open"
	grep -qx '# HELP sent Mails \\"sent\\" \\\\ over all.' "$dir/open"
	grep -qx 'wait_seconds_bucket{le="1.0"} 2' "$dir/open"
	[[ $(tail -n 1 "$dir/open") == '# EOF' ]]
	refute_log 'uid.*queue'
}

@test "what is wrong is refused with a reason, and changes nothing" {
	config "$declared" | start_pilotfish
	await_port "$port"
	set_metric queue_length=1 'sent_total{kind="a"}=1e308'
	refused 69 "there is no metric queue_lenght in the configuration; did you mean 'queue_length'?" queue_lenght=1
	refused 64 'queue_length: a finite number is expected, found "x"' queue_length=x
	refused 64 'a finite number is expected, found ""' queue_length=
	refused 64 'found "nan"' queue_length nan
	refused 64 'found "inf"' queue_length=inf
	refused 64 'found "1e999"' queue_length=1e999
	refused 64 'found "0x1"' queue_length=0x1
	refused 64 'sent_total is a counter, and -1 is negative' 'sent_total{kind="a"}=-1'
	refused 64 'sent_total: the sum would be infinite' queue_length=5 'sent_total{kind="a"}=1e308'
	refused 64 'the label kind is missing' sent_total=1
	refused 64 "there is no label knid; did you mean 'kind'?" 'sent_total{knid="a"}=1'
	refused 64 'the label kind is given twice' 'sent_total{kind="a",kind="b"}=1'
	refused 64 'the label kind has more than 128 bytes' "sent_total{kind=\"$(printf %0129d 0)\"}=1"
	refused 64 'is given twice' 'size_bytes{kind="a",to="b"}=1' 'size_bytes{to="b",kind="a"}=1'
	for name in 'sent_total{' 'sent_total{kind}' 'sent_total{kind=a}' 'sent_total{kind="a' 'sent_total{kind="\x"}' \
		    'sent_total{kind="a"}x' '{kind="a"}' 'sent_total{kind="a" to="b"}'; do
		refused 64 'is no metric; expected is NAME or NAME{label="value"}' "$name" 1
	done
	refused 64 'NAME=VALUE, once each, is expected, found "queue_length"' queue_length
	refused 64 'NAME=VALUE, once each, is expected, found "queue_length=3"' queue_length=2 queue_length=3
	refused 64 'expected, found "sent_total{kind="a"}"' 'sent_total{kind="a"}'
	refused 64 'NAME=VALUE is missing'
	run -64 "$pilotfish" metric get queue_length
	run -64 "$pilotfish" metric
	for body in '' '{' '[]' '"x"' '{}' '{"queue_length":1,"queue_length":2}' '{"queue_length":null}' '{"queue_length":[1]}' \
		    '{"queue_length":1e999}' '{"queue_length\u0000x":1}' "$(jq -nc '[range(1001) | {("x\(.)"): 1}] | add')"; do
		[[ $(post "$body") == *400 ]] || fail "$body"
	done
	is_value queue_length 1
	config '' >"$dir/main.conf"
	"$pilotfish" reload
	run -69 set_metric queue_length=1
	[[ $output == *'has no metrics in telemetry, so there is no queue_length' ]]
}

@test "labels with ever new values are bounded, and cost no other metric anything" {
	config "$declared" | start_pilotfish
	await_port "$port"
	for begin in 0 500 1000 1500; do
		jq -nc --argjson n $begin '[range($n; $n + 490) | {("sent_total{kind=\"\(.)\"}"): 1}] | add' >"$dir/body"
		[[ $(post @"$dir/body") == $'490 set\n200' ]]
	done
	jq -nc '[range(40) | {("size_bytes{kind=\"\(.)\",to=\"\"}"): 1}] | add' >"$dir/body"
	[[ $(post @"$dir/body") == *'at most 2000 time series, and there are 1966: is there a label with ever new values?'*409 ]]
	run -69 set_metric 'queue_length=1' 'size_bytes{kind="a",to="b"}=1' $(seq -f 'sent_total{kind="new%g"}=1' 40)
	is_value queue_length ''
	set_metric queue_length=1 'sent_total{kind="0"}=1'
	is_value 'sent_total{kind="0"}' 2
	get | promtool check metrics
}

@test "a reload keeps the metrics that have not changed" {
	config "$declared" | start_pilotfish
	await_port "$port"
	set_metric 'sent_total{kind="a"}=1' queue_length=2 wait_seconds=3 'size_bytes{kind="a",to="b"}=4'
	sed 's/Mails that wait/Letters that wait/; s/0.1, 1, 5/0.1, 1, 6/; s/"kind", "to"/"kind"/' "$dir/main.conf" >"$dir/next.conf"
	mv "$dir/next.conf" "$dir/main.conf"
	"$pilotfish" reload
	get >"$dir/metrics"
	grep -qxF '# HELP queue_length Letters that wait.' "$dir/metrics"
	grep -qxF 'sent_total{kind="a"} 1' "$dir/metrics"
	grep -qxF 'queue_length 2' "$dir/metrics"
	grep -qxF 'wait_seconds_count 0' "$dir/metrics"
	! grep '^size_bytes{' "$dir/metrics"
	set_metric 'size_bytes{kind="a"}=4'
	cp "$dir/main.conf" "$dir/right.conf"
	sed -i 's/"queue_length"/"pilotfish_length"/' "$dir/main.conf"
	run -65 "$pilotfish" reload
	is_value queue_length 2
	is_value 'size_bytes_sum{kind="a"}' 4
}

@test "a sensor is a job that sets a metric; a real Prometheus sees it" {
	script sensor <<-EOF
		"$pilotfish" metric set "queue_length=\$(cat "$dir/queue")"
	EOF
	echo 5 >"$dir/queue"
	unset PILOTFISH_SOCKET
	config "$declared" ", { name = \"sensor\"; exec = \"$dir/sensor\"; when = { interval = \"1s\"; }; } );
		control = { socket = \"$dir/s\"; }; templates = (" | start_pilotfish
	free_port prometheus_port
	cat >"$dir/prometheus.yml" <<-EOF
		global: { scrape_interval: 200ms, scrape_timeout: 200ms }
		scrape_configs: [ { job_name: pilotfish, static_configs: [ { targets: [ "127.0.0.1:$port" ] } ] } ]
	EOF
	start_program prometheus prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" \
		--log.level=error --web.listen-address="127.0.0.1:$prometheus_port"
	sees()	# QUERY VALUE
	{
		[[ $(curl -sS --max-time 5 -G "http://127.0.0.1:$prometheus_port/api/v1/query" --data-urlencode "query=$1" |
			jq -r '.data.result[0].value[1]') == "$2" ]]
	}
	LIMIT=30 await sees queue_length 5
	echo 6 >"$dir/queue"
	await sees queue_length 6
	await sees 'pilotfish_job_state{exported_job="web",state="running"}' 1
	await sees 'pilotfish_events_total{type="startup"}' 1
}

@test "pilotfish counts checks, output, events, requests and its own turns" {
	script talk <<-'EOF'
		printf 'one\ntwo\n'
		printf 'an error' >&2
	EOF
	config '' ", { name = \"talk\"; exec = \"$dir/talk\"; }, { name = \"checked\"; exec = \"sleep 1000\";
		health = { exec = \"test ! -e $dir/ill\"; interval = \"100ms\"; failures = 1; }; }" | start_pilotfish
	await is_value 'pilotfish_log_lines_total{job="talk",stream="stdout"}' 2
	await is_value 'pilotfish_job_state{job="talk",state="stopped"}' 1
	get | promtool check metrics
	is_value 'pilotfish_log_bytes_total{job="talk",stream="stdout"}' 8
	is_value 'pilotfish_log_lines_total{job="talk",stream="stderr"}' 1
	is_value 'pilotfish_log_bytes_total{job="talk",stream="stderr"}' 8
	is_value 'pilotfish_job_state{job="talk",state="running"}' 0
	[[ $(get | grep -c '^pilotfish_job_state{job="web"') == 9 ]]
	await is_value 'pilotfish_events_total{type="healthy"}' 1
	touch "$dir/ill"
	await is_value 'pilotfish_events_total{type="unhealthy"}' 1
	get >"$dir/metrics"
	last=$(awk '/^pilotfish_healthcheck_last_success_timestamp_seconds/ { print int($2) }' "$dir/metrics")
	(($(date +%s) - last < 20))
	checks=$(awk '/^pilotfish_healthchecks_total/ { sum += $2 } END { print sum }' "$dir/metrics")
	count=$(awk '/^pilotfish_healthcheck_duration_seconds_count/ { print $2 }' "$dir/metrics")
	most=$(awk '/^pilotfish_healthcheck_duration_seconds_bucket.*Inf/ { print $2 }' "$dir/metrics")
	((checks > 1 && count == checks && most == count))
	(($(awk '/^pilotfish_event_loop_lag_seconds_count/ { print $2 }' "$dir/metrics") > 10))
	run -1 "$pilotfish" healthcheck
	run -69 "$pilotfish" signal HUP nobody
	curl -sS --unix-socket "$PILOTFISH_SOCKET" http://x/v4/nothing
	curl -sS --unix-socket "$PILOTFISH_SOCKET" -X DELETE http://x/v4/status
	is_value 'pilotfish_control_requests_total{path="/v4/health",code="503"}' 1
	is_value 'pilotfish_control_requests_total{path="/v4/jobs/*/signal",code="404"}' 1
	is_value 'pilotfish_control_requests_total{path="other",code="404"}' 1
	is_value 'pilotfish_control_requests_total{path="/v4/status",code="405"}' 1
	is_value pilotfish_events_dropped_total 0
}

@test "pilotfish counts its requests to Consul, changes of a watch, and failovers" {
	start_consul
	register db db-1 5432
	start_pilotfish <<-EOF
		telemetry = { port = $port; };
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { name = "db"; } );
		elections = ( { name = "e"; job = "app"; id = "me"; } );
	EOF
	LIMIT=20 await is_value 'pilotfish_leader{election="e"}' 1
	await is_value 'pilotfish_watch_changes_total{watch="db"}' 1
	register db db-2 5433
	await is_value 'pilotfish_watch_changes_total{watch="db"}' 2
	is_value 'pilotfish_failovers_total{election="e"}' 0
	(($(value_of 'pilotfish_consul_requests_total{operation="health",code="200"}') >= 2))
	(($(value_of 'pilotfish_consul_requests_total{operation="session",code="200"}') >= 1))
	get | promtool check metrics
	kill_consul
	expect_events "consul unhealthy"
	(($(value_of 'pilotfish_consul_requests_total{operation="health",code="0"}') >= 1))
}
