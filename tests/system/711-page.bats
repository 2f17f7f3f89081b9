# The page at the telemetry port, without a browser: its paths, its headers, and its stream of events.

load lib

setup()
{
	export PILOTFISH_SOCKET=$dir/s
	free_port
}

config()		# PAGE
{
	cat <<-EOF
		telemetry = { port = $port; address = "127.0.0.1"; page = $1; };
		jobs = ( { name = "web"; exec = "sleep 1000"; }, { name = "hup"; exec = "true"; when = { source = "SIGHUP"; each = "signalled"; }; } );
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

reload()
{
	write_config
	"$pilotfish" reload
}

paths=(/ /page.css /page.js /icon.svg /graph)

follow_events()		# FILE
{
	curl -sSN "http://127.0.0.1:$port/events" >"$1" 2>"$1.error" &
	stream=$!
}

knows_streams()		# N: so many clients are connected to the port
{
	(($(ss -Htn state established "sport = :$port" | wc -l) == $1))
}

@test "without page = true there is no page" {
	config false | start_pilotfish
	await_port "$port"
	for path in "${paths[@]}" /events; do
		[[ $(code_of "$path") == 404 ]]
	done
	[[ $(code_of /status) == 200 ]]
}

@test "the page: its parts, its headers, and nothing that could change a state" {
	config true | start_pilotfish
	await_port "$port"
	for path in "${paths[@]}" /status; do
		[[ $(code_of "$path") == 200 && $(code_of "$path" -X POST) == 405 && $(code_of "$path" -I) == 200 ]]
		get "$path" -o /dev/null -D "$dir/head"
		grep -q "^Content-Security-Policy: default-src 'none'; script-src 'self';" "$dir/head"
		grep -qx "X-Content-Type-Options: nosniff"$'\r' "$dir/head"
		grep -qx "Referrer-Policy: no-referrer"$'\r' "$dir/head"
	done
	[[ $(code_of /events -X POST) == 405 && $(code_of /page.html) == 404 && $(code_of /metrics) == 200 ]]
	cmp <(get /) "$root/supervisor/page/index.html"
	cmp <(get /page.css) "$root/supervisor/page/page.css"
	cmp <(get /page.js) "$root/supervisor/page/page.js"
	cmp <(get /icon.svg) "$root/supervisor/page/icon.svg"
	run ! grep -rE 'innerHTML|outerHTML|insertAdjacent|document\.write|(src|href)="https?:' "$root/supervisor/page/page.js" \
		"$root/supervisor/page/index.html"
	[[ $(get /graph | jq -r '.nodes[0].name') == web ]]
}

@test "events come as a stream; the stream ends when the page does" {
	config true | start_pilotfish
	expect_events "web running"
	follow_events "$dir/events"
	await knows_streams 1
	signal_pilotfish HUP
	await grep -q '"source":"hup","event":"exitSuccess"' "$dir/events"
	jq -es 'all(.serial and .time)' "$dir/events"
	config false | reload
	wait "$stream"
	[[ $(code_of /events) == 404 && $(code_of /status) == 200 ]]
	config true | reload
	[[ $(code_of /) == 200 ]]
	get / -o /dev/null -D - | grep -q "^Content-Security-Policy"
}

@test "more streams than the port allows are refused, and a stream that ends makes room" {
	config true | start_pilotfish
	expect_events "web running"
	for ((i = 0; i < 32; i++)); do
		follow_events "$dir/events.$i"
	done
	await knows_streams 32
	last=$stream
	refused() { [[ $(code_of /events) == 503 ]]; }
	await refused
	[[ $(get /events) == "there are too many streams of events already" ]]
	signal_pilotfish HUP
	for ((i = 0; i < 32; i++)); do
		await grep -q '"source":"hup","event":"exitSuccess"' "$dir/events.$i"
	done
	kill "$last"
	await knows_streams 31
	follow_events "$dir/next"
	got_event() { signal_pilotfish HUP; grep -q hup "$dir/next"; }
	await got_event
}
