# The forms of Consul's address.

load lib
load measure
load trouble

setup_file()
{
	start_consul --config "{\"log_level\": \"warn\", \"client_addr\": \"127.0.0.1 ::1\", \"addresses\": {
		\"http\": \"unix://$dir/consul.sock 127.0.0.1 ::1\" }}"
	socket=$dir/consul.sock
	export socket
}

# Registers, watches and deregisters by this address.
works()
{
	start_pilotfish <<-EOF
		${1:+consul = \"$1\";}
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; health = { exec = "true"; interval = "1s"; }; } );
		watches = ( { name = "app"; } );
	EOF
	expect_events "watch.app healthy"
	await_passing app 1
	stop_pilotfish
	expect_code 0
	await_gone app
	[[ $(complaints | wc -l) == 0 ]]
}

@test "host and port, with and without http://, and a slash too many" {
	works "${consul_address#http://}"
	works "$consul_address"
	works "$consul_address/"
	works "localhost:${consul_address##*:}"
}

@test "IPv6" {
	[[ -e /proc/net/if_inet6 ]] || skip "no IPv6 here"
	works "[::1]:${consul_address##*:}"
	works "http://[::1]:${consul_address##*:}"
}

@test "a unix socket" {
	works "unix://$socket"
}

@test "CONSUL_HTTP_ADDR, if the file says nothing" {
	export CONSUL_HTTP_ADDR=$consul_address
	works ''
	CONSUL_HTTP_ADDR=unix://$socket works ''
}

@test "a unix socket that comes late" {
	start_pilotfish <<-EOF
		consul = "unix://$dir/late.sock";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; health = { exec = "true"; interval = "50ms"; failures = 40; }; } );
	EOF
	expect_log 'consul at .*late.sock does not answer: '
	go_on 10
	[[ $(complaints | wc -l) == 1 ]]
	ln -s "$socket" "$dir/late.sock"
	await_passing app 1
}

@test "false: no Consul, whatever the environment says" {
	export CONSUL_HTTP_ADDR=$consul_address
	start_pilotfish <<-EOF
		consul = false;
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = "true"; interval = "50ms"; failures = 40; }; } );
	EOF
	expect_events "app healthy"
	go_on 10
	refute_events "consul healthy" "consul unhealthy"
	[[ $(find "/proc/$pid/fd" -lname 'socket:*' | wc -l) == 0 ]]
}
