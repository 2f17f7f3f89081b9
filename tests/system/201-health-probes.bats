# Checks from outside: http, tcp, unix sockets.

load lib
load measure

# A web server at $port that answers with status and body as given, until `answer` says otherwise.
answer()
{
	printf "$@" >"$dir/answer.new"
	mv "$dir/answer.new" "$dir/answer"
}

web()
{
	answer "$@"
	free_port
	start_program web "$lib/helpers/web.py" "$port" "$dir/answer"
	await_port "$port"
}

health()
{
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { interval = "100ms"; $1 }; } );
	EOF
}

@test "http: the status decides" {
	web '200\nfine'
	health "http = \"http://127.0.0.1:$port/health?deep=1\";"
	expect_events "app healthy"
	grep -q '^GET /health?deep=1 HTTP/1.1$' "$dir/web.log"
	answer '503\nout of order'
	expect_events "app unhealthy"
	expect_log 'app is critical: HTTP 503: out of order'
	answer '302\n'
	expect_events "app healthy"
	[[ $(grep -c elsewhere "$dir/web.log") == 0 ]]
	answer '404\n'
	expect_events "app unhealthy"
	answer '204\n'
	expect_events "app healthy"
}

@test "http: a configured status or range" {
	web '302\n'
	health "http = \"http://127.0.0.1:$port/\"; status = 200;"
	expect_events "app unhealthy"
	answer '200\n'
	expect_events "app healthy"
	stop_pilotfish
	answer '503\n'
	health "http = \"http://127.0.0.1:$port/\"; status = \"500-504\";"
	expect_events "app healthy"
	answer '200\n'
	expect_events "app unhealthy"
}

@test "http: the body must contain the text" {
	web '200\n{"status":"starting"}'
	health "http = \"http://127.0.0.1:$port/\"; body = \"\\\"ready\\\"\";"
	expect_events "app unhealthy"
	expect_log "HTTP 200, the body lacks"
	answer '200\n{"status":"ready"}'
	expect_events "app healthy"
	answer '500\n"ready"'
	expect_events "app unhealthy"
}

@test "http: no server, then a server, then none" {
	free_port
	health "http = \"http://127.0.0.1:$port/\";"
	expect_events "app unhealthy"
	expect_log 'app is critical: .*(Connection refused|connect)'
	answer '200\nfine'
	start_program web "$lib/helpers/web.py" "$port" "$dir/answer"
	expect_events "app healthy"
	stop_program web
	expect_events "app unhealthy"
}

@test "http: no response is a failure after the timeout, and delays nothing" {
	web 'hang\n'
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000";
			   health = { http = "http://127.0.0.1:$port/"; interval = "1s"; timeout = "500ms"; }; },
			 { name = "other"; exec = "sleep 1000"; health = { exec = "true"; interval = "50ms"; }; } );
	EOF
	expect_events "app unhealthy"
	expect_log 'timed out after 500ms'
	at_least 490 "$(between "app running" "app unhealthy")"
	at_most 900 "$(between "app running" "app unhealthy")"
	at_least $((5 / slow)) "$(count_events "other.health exitSuccess")"
	answer '200\n'
	expect_events "app healthy"
	answer 'hang\n'
	stop_pilotfish
	at_most 500 "$took"
}

@test "http: a response that is too long is a failure, and its memory is bounded" {
	answer '200\n'
	head -c 20000000 /dev/zero >>"$dir/answer"
	free_port
	start_program web "$lib/helpers/web.py" "$port" "$dir/answer"
	await_port "$port"
	health "http = \"http://127.0.0.1:$port/\"; timeout = \"100ms\";"
	expect_events "app unhealthy" "app.health exitFailed" "app.health exitFailed"
	[[ $sanitized ]] || at_most 16000 "$(rss_of "$pid")"
}

@test "http over a unix socket" {
	answer '200\nfine'
	start_program web "$lib/helpers/web.py" "$dir/web.sock" "$dir/answer"
	health "http = \"http://app/health\"; unixSocket = \"$dir/web.sock\";"
	expect_events "app healthy"
	stop_program web
	expect_events "app unhealthy"
}

@test "http and tcp over IPv6" {
	[[ -e /proc/net/if_inet6 ]] || skip "no IPv6 here"
	answer '200\nfine'
	free_port
	start_program web "$lib/helpers/web.py" "$port" "$dir/answer" ::1
	start_pilotfish <<-EOF
		jobs = ( { name = "a"; exec = "sleep 1000"; health = { http = "http://[::1]:$port/"; interval = "100ms"; }; },
			 { name = "b"; exec = "sleep 1000"; health = { tcp = "[::1]:$port"; interval = "100ms"; }; } );
	EOF
	expect_events "a healthy"
	expect_log '"b is healthy"'
}

@test "http: each check opens a new connection" {
	web '200\n'
	health "http = \"http://127.0.0.1:$port/\";"
	expect_events "app healthy" "app.health exitSuccess" "app.health exitSuccess"
	((3 <= $(grep -c GET "$dir/web.log")))
	# One connection is of await_port.
	(($(grep -c GET "$dir/web.log") < $(grep -c connected "$dir/web.log")))
}

@test "tcp: a connection is enough" {
	web 'hang\n'
	health "tcp = \"127.0.0.1:$port\";"
	expect_events "app healthy"
	refute_log GET
	stop_program web
	expect_events "app unhealthy"
	expect_log 'app is critical: .*refused'
}

@test "a name that does not exist is a failure" {
	health 'http = "http://does-not-exist.invalid/"; timeout = "100ms";'
	expect_events "app unhealthy" "app.health exitFailed"
}

@test "probes do not go through a proxy" {
	web '200\n'
	export http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1
	health "http = \"http://127.0.0.1:$port/\";"
	expect_events "app healthy"
}

@test "http: method and headers" {
	web '200\nfine'
	health "http = \"http://127.0.0.1:$port/\"; method = \"HEAD\"; headers = { Host = \"app.example\"; X-Check = \"a b\"; };"
	expect_events "app healthy"
	grep -q '^HEAD / HTTP/1.1$' "$dir/web.log"
	grep -q '^Host: app.example$' "$dir/web.log"
	grep -q '^X-Check: a b$' "$dir/web.log"
}

secure_web()		# a server that has signed its certificate itself
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
	answer '200\nfine'
	free_port
	start_program web "$lib/helpers/web.py" "$port" "$dir/answer" 127.0.0.1 "$dir/cert.pem" "$dir/key.pem"
	await_port "$port"
}

@test "https: a certificate that nobody knows, then cafile, then verify = false" {
	secure_web
	health "http = \"https://localhost:$port/\";"
	expect_events "app unhealthy"
	expect_log 'app is critical: .*certificate'
	stop_pilotfish
	health "http = \"https://localhost:$port/\"; cafile = \"$dir/cert.pem\";"
	expect_events "app healthy"
	stop_pilotfish
	health "http = \"https://127.0.0.1:$port/\"; cafile = \"$dir/cert.pem\";"
	expect_events "app unhealthy"
	stop_pilotfish
	health "http = \"https://127.0.0.1:$port/\"; verify = false;"
	expect_events "app healthy"
}

@test "the first seconds of a server that does not listen yet are no warning" {
	free_port
	health "http = \"http://127.0.0.1:$port/\"; startPeriod = \"500ms\";"
	expect_log '"level":"info".*"app is critical: '
	refute_log '"level":"warn"'
	LIMIT=15 expect_log '"level":"warn".*"app is critical since its start: '
	answer '200\nfine'
	start_program web "$lib/helpers/web.py" "$port" "$dir/answer"
	expect_events "app healthy"
	stop_program web
	expect_log '"level":"warn".*"app is critical: '
}
