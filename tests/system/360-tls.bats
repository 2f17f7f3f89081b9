# Consul over https: verified, or not used.

load lib
load measure
load trouble

setup_file()
{
	start_consul --tls --config '{"log_level": "warn"}'
	certificates=$dir
	export certificates
}

app()			# with these keys in the group consul.tls
{
	start_pilotfish <<-EOF
		consul = { address = "${address-$consul_address}"; tls = { $1 }; };
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; health = { exec = "true"; interval = "50ms"; failures = 40; ttl = "1s"; }; } );
		watches = ( { name = "app"; } );
	EOF
}

refused()
{
	expect_log "consul at .* does not answer: .*$1"
	expect_events "app running" "app healthy"
	go_on
	[[ $(complaints | wc -l) == 1 ]]
	refute_events "watch.app changed"
	await_gone app
	stop_pilotfish
	expect_code 0
	at_most 500 "$took"
}

@test "its own authority: registered, watched, gone" {
	app "cafile = \"$certificates/ca.pem\";"
	expect_events "watch.app healthy"
	await_passing app 1
	[[ $(complaints | wc -l) == 0 ]]
	stop_pilotfish
	expect_code 0
	await_gone app
}

@test "the same by the environment" {
	export CONSUL_HTTP_ADDR=${consul_address#https://} CONSUL_HTTP_SSL=true CONSUL_CACERT=$certificates/ca.pem
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; } );
	EOF
	await_passing app 1
	stop_pilotfish
	await_gone app
}

@test "an unknown authority" {
	app ''
	refused 'certificate'
}

@test "another authority" {
	app "cafile = \"$certificates/other-ca.pem\";"
	refused 'certificate'
}

@test "a file that is not there: neither check nor run takes the configuration" {
	write_config <<-EOF
		consul = { address = "$consul_address"; tls = { cafile = "$certificates/missing.pem"; }; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	run -65 "$pilotfish" check -c "$dir/main.conf"
	[[ $output == *"consul.tls.cafile: cannot read $certificates/missing.pem: No such file or directory" ]]
	run -78 "$pilotfish" -c "$dir/main.conf"
}

@test "another name" {
	app "cafile = \"$certificates/ca.pem\"; servername = \"somebody.else.example\";"
	refused 'somebody.else.example'
}

@test "the name of a server that is reached by its address" {
	app "cafile = \"$certificates/ca.pem\"; servername = \"server.dc1.consul\";"
	await_passing app 1
	stop_pilotfish
	await_gone app
}

@test "without verification: it works, with a warning" {
	app 'verify = false;'
	await_passing app 1
	expect_log '"level":"warn","msg":"consul at .*: its certificate is not verified"'
	stop_pilotfish
	await_gone app
}

@test "plain http to a port that speaks https" {
	address=http://${consul_address#https://} app ''
	expect_log 'consul .*: 400|does not answer'
	expect_events "app healthy"
	go_on 10
	at_most 2 "$(complaints | wc -l)"
}

@test "a client certificate, if the server asks for one" {
	start_consul -n strict --config '{"log_level": "warn"}'
	"$lib/helpers/certificates" "$dir"
	free_port
	jq ".ports.https = $port | .verify_incoming_https = true | .ca_file = \"$dir/ca.pem\" |
		.cert_file = \"$dir/server.pem\" | .key_file = \"$dir/server.key\"" "$dir/strict.json" >"$dir/new.json"
	mv "$dir/new.json" "$dir/strict.json"
	restart_consul
	await_port "$port"
	address=https://localhost:$port
	app "cafile = \"$dir/ca.pem\";"
	expect_log 'consul at .* does not answer: '
	stop_pilotfish
	await_gone app
	app "cafile = \"$dir/ca.pem\"; clientcert = \"$dir/client.pem\"; clientkey = \"$dir/client.key\";"
	await_passing app 1
	expect_events "watch.app healthy"
}

@test "many watches share one connection" {
	! grep -qs -- ' -static ' "$B/flags" || skip "the release build speaks no HTTP/2"
	start_pilotfish <<-EOF
		consul = { address = "$consul_address"; tls = { cafile = "$certificates/ca.pem"; }; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( $(printf '{ name = "w%d"; },' $(seq 40)) { name = "last"; } );
	EOF
	expect_events $(:) "watch.last changed"
	await one_connection
	consul_put /v1/agent/service/register '{ "Name": "w7", "Port": 1 }'
	expect_events "watch.w7 healthy"
}

one_connection()
{
	local sockets

	sockets=$(find "/proc/$pid/fd" -lname 'socket:*' | wc -l)
	((sockets <= 4))
}
