# The entry of a service in the catalogue.

load lib
load measure

setup_file()
{
	start_consul --config "{\"log_level\": \"warn\", \"addresses\": {
		\"http\": \"unix://$dir/consul.sock 127.0.0.1\" }}"
}

instance()		# a field of the one instance of a service
{
	consul_get "/v1/health/service/$1" | jq -c "if length == 1 then .[0]$2 else error(\"\(length) instances\") end"
}

expect_field()
{
	local found

	found=$(instance "$1" "$2") || return
	[[ $found == "$3" ]] || fail "$1$2 is $found, not $3"
}

# Starts a pilotfish in its own network namespace, with this host name and after these commands of ip.  It
# reaches Consul by a unix socket.
in_network()
{
	cat >"$dir/pilotfish-$1" <<-EOF
		#!/bin/sh
		exec unshare --net --uts sh -ec '
			hostname $1
			ip link set lo up
			ip link add eth0 type veth peer name other0
			ip link set eth0 up
			ip link set other0 up
			$2
			shift
			exec "\$@"' sh - $B/pilotfish "\$@"
	EOF
	chmod +x "$dir/pilotfish-$1"
	pilotfish=$dir/pilotfish-$1
	address=unix://$BATS_FILE_TMPDIR/consul.sock
}

service()		# start_pilotfish with a job of this name, port 80, and more
{
	start_pilotfish -n "$1" <<-EOF
		consul = "${address-$consul_address}";
		jobs = ( { name = "$1"; exec = "sleep 1000"; port = 80; ${2-} } );
	EOF
}

@test "id, address, port, tags, meta, weights: as the configuration says" {
	service full '
		tags = [ "v2", "blau grün" ]; meta = { version = "2.1"; region = "eu"; };
		weights = { passing = 10; warning = 2; }; interfaces = "static:192.0.2.7";
		consul = { enableTagOverride = true; deregisterCriticalServiceAfter = "90s"; };
		health = { exec = "true"; interval = "1s"; ttl = "20s"; };'
	await_passing full 1
	expect_field full .Service.ID "\"full-$(hostname)\""
	expect_field full .Service.Address '"192.0.2.7"'
	expect_field full .Service.Port 80
	expect_field full .Service.Tags '["v2","blau grün"]'
	expect_field full .Service.Meta.version '"2.1"'
	expect_field full .Service.Meta.region '"eu"'
	expect_field full .Service.Meta.managed_by '"pilotfish"'
	expect_field full .Service.Weights '{"Passing":10,"Warning":2}'
	expect_field full .Service.EnableTagOverride true
	[[ $(consul_get /v1/agent/checks | jq -c '.[] | select(.ServiceName == "full") | [.CheckID, .Type]') == \
		"[\"service:full-$(hostname)\",\"ttl\"]" ]]
}

@test "the check of a registration: TTL, first status, when to be reaped" {
	start_fake_consul
	address=$fake_address service body '
		consul = { deregisterCriticalServiceAfter = "90s"; };
		health = { exec = "sleep 10"; interval = "20s"; ttl = "20s"; }; initialStatus = "warning";'
	fake "wait?path=/v1/agent/service/register&count=1" | jq -e '
		.[0].body | fromjson | .Check |
		.DeregisterCriticalServiceAfter == "1m30s" and .TTL == "20s" and .Status == "warning"'
}

@test "before the first verdict the status is initialStatus" {
	local check='health = { exec = [ "sh", "-c", "sleep 1001" ]; interval = "60s"; };'

	service first "$check"
	service second "$check initialStatus = \"passing\";"
	service third "$check initialStatus = \"warning\";"
	await_checks first critical 1
	await_checks second passing 1
	await_checks third warning 1
}

@test "several services of one job, each with its own port and check" {
	service many '
		services = ( { name = "many-admin"; port = 81; tags = [ "admin" ]; },
			     { name = "many-metrics"; port = 82; interfaces = "static:192.0.2.8"; } );
		health = { exec = "true"; interval = "1s"; };'
	await_passing many 1
	await_passing many-admin 1
	await_passing many-metrics 1
	expect_field many-admin .Service.Port 81
	expect_field many-admin .Service.Tags '["admin"]'
	expect_field many-metrics .Service.Address '"192.0.2.8"'
	expect_field many-metrics .Service.ID "\"many-metrics-$(hostname)\""
	stop_pilotfish
	await_gone many
	await_gone many-admin
	await_gone many-metrics
}

@test "a job with a port and nothing to run is advertised until the end" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; essential = true; },
			 { name = "beside"; port = 81; } );
	EOF
	await_passing beside 1
	stop_pilotfish
	await_gone beside
}

@test "the address of eth0 behind an agent on this machine, never a Swarm VIP" {
	in_network swarm 'ip addr add 10.0.0.2/32 dev eth0; ip addr add 10.0.0.9/24 dev eth0'
	service swarm
	await_passing swarm 1
	expect_field swarm .Service.Address '"10.0.0.9"'
	expect_field swarm .Service.ID '"swarm-swarm"'
}

@test "the address by interface, number, network or family" {
	in_network box '
		ip addr add 172.20.0.5/16 dev eth0
		ip -6 addr add fd00::5/64 dev eth0 nodad
		ip addr add 10.1.2.3/24 dev other0'
	start_pilotfish <<-EOF
		consul = "$address";
		jobs = ( { name = "app"; exec = "sleep 1000"; services = (
			{ name = "plain"; port = 1; },
			{ name = "named"; port = 1; interfaces = "other0"; },
			{ name = "six"; port = 1; interfaces = [ "eth7", "eth0:inet6" ]; },
			{ name = "network"; port = 1; interfaces = [ "192.168.0.0/16", "10.1.0.0/16" ]; },
			{ name = "static"; port = 1; interfaces = "static:2001:db8::7"; },
			{ name = "family"; port = 1; interfaces = "inet6"; } ); } );
	EOF
	await_passing family 1
	expect_field plain .Service.Address '"172.20.0.5"'
	expect_field named .Service.Address '"10.1.2.3"'
	expect_field six .Service.Address '"fd00::5"'
	expect_field network .Service.Address '"10.1.2.3"'
	expect_field static .Service.Address '"2001:db8::7"'
	expect_field family .Service.Address '"fd00::5"'
}

@test "with IPv6 alone" {
	in_network six 'ip -6 addr add 2001:db8::5/64 dev eth0 nodad'
	service six-only
	await_passing six-only 1
	expect_field six-only .Service.Address '"2001:db8::5"'
}

has_variable()		# NAME=VALUE
{
	[[ $("$B/pilotfish" env list) == *"$1"* ]]
}

@test "no such address: logged once, and retried until there is one" {
	in_network late ''
	export PILOTFISH_SOCKET=$dir/s
	start_pilotfish -n late <<-EOF
		consul = "$address"; compat = { variables = true; };
		jobs = ( { name = "late"; exec = "sleep 1000"; port = 80; interfaces = "eth0:inet"; } );
	EOF
	expect_log 'service late[^ ]* has no address'
	expect_events "late running"
	nsenter --net --target "$pid" ip addr add 172.20.0.6/16 dev eth0
	await_passing late 1
	expect_field late .Service.Address '"172.20.0.6"'
	await has_variable CONTAINERPILOT_LATE_IP=172.20.0.6
	[[ $(count_log 'has no address') == 1 ]]
}

@test "no link-local address, and none of docker0, but that of the default route" {
	in_network route '
		ip link set eth0 name ens3
		ip link add docker0 type veth peer name docker1; ip link set docker0 up
		ip addr add 172.17.0.1/16 dev docker0
		ip addr add 169.254.3.4/16 dev ens3
		ip addr add 192.0.2.9/24 dev ens3
		ip route add default via 192.0.2.1'
	service route 'services = ( { name = "routed"; port = 81; interfaces = [ "ens3:inet6", "docker0" ]; } );'
	await_passing routed 1
	await_passing route 1
	expect_field route .Service.Address '"192.0.2.9"'
	expect_field routed .Service.Address '"172.17.0.1"'
}

@test "an address that changes or goes is noticed, and the new one registered under the same ID" {
	in_network change 'ip addr add 172.20.0.5/16 dev eth0'
	service change
	await_passing change 1
	nsenter --net --target "$pid" sh -c 'ip addr del 172.20.0.5/16 dev eth0'
	expect_log 'service change[^ ]* has no address'
	expect_field change .Service.Address '"172.20.0.5"'
	nsenter --net --target "$pid" sh -c 'ip addr add 172.20.0.77/16 dev eth0'
	expect_log 'service change-change: its address is now 172.20.0.77, no longer 172.20.0.5'
	await_consul 1 /v1/catalog/service/change ServiceAddress=172.20.0.77
	expect_field change .Service.ID '"change-change"'
	[[ $(count_log 'has no address') == 1 ]]
}

@test "a loopback address is warned of if Consul is elsewhere" {
	address=$(ip -4 -o addr show scope global | awk '{ sub("/.*", "", $4); print $4; exit }')
	[[ $address ]] || skip "no other address here"
	start_consul -n elsewhere --config "{\"client_addr\": \"127.0.0.1 $address\"}"
	address=$address:${consul_address##*:} service hidden 'interfaces = [ "eth77", "lo" ];'
	expect_log 'service hidden[^ ]* has the address 127.0.0.1, which other hosts cannot reach'
	await_passing hidden 1
	[[ $(count_log 'cannot reach') == 1 ]]
}

@test "two containers with one host name both stay, the second with its address in the ID" {
	in_network twin 'ip addr add 172.20.0.5/16 dev eth0'
	service one 'services = ( { name = "twin"; port = 90; } ); health = { exec = "true"; interval = "1s"; };'
	await_passing twin 1
	in_network twin 'ip addr add 172.20.0.6/16 dev eth0'
	service two 'services = ( { name = "twin"; port = 90; } ); health = { exec = "true"; interval = "1s"; };'
	await_passing twin 2
	[[ $(consul_get /v1/health/service/twin | jq -c 'map([.Service.ID, .Service.Address]) | sort') == \
		'[["twin-twin","172.20.0.5"],["twin-twin-172.20.0.6","172.20.0.6"]]' ]]
	expect_log "service twin-twin is passing at another address, 172.20.0.5 port 90: registering as twin-twin-172.20.0.6"
	refute_log -n one 'registering as'
	# Only the second one leaves.
	stop_pilotfish -n two
	await_passing twin 1
	[[ $(instance twin .Service.ID) == '"twin-twin"' ]]
}

@test "two containers with one host name and one address both stay, the second with its port in the ID" {
	service one 'services = ( { name = "ports"; port = 90; } ); health = { exec = "true"; interval = "1s"; };'
	await_passing ports 1
	service two 'services = ( { name = "ports"; port = 91; } ); health = { exec = "true"; interval = "1s"; };'
	await_passing ports 2
	[[ $(consul_get /v1/health/service/ports | jq -c 'map([.Service.ID, .Service.Port]) | sort') == \
		"$(jq -nc --arg id "ports-$(hostname)" '[[$id, 90], [$id + "-91", 91]]')" ]]
	expect_log "service ports-[^ ]* is passing at another port, [^ ]* port 90: registering as "
}

@test "an id of its own: as the configuration, and its template, say" {
	export SLOT=7
	service own 'id = "own.{{ .SLOT }}"; services = ( { name = "own-admin"; port = 81; id = "admin/7"; } );'
	await_passing own 1
	await_passing own-admin 1
	expect_field own .Service.ID '"own.7"'
	expect_field own-admin .Service.ID '"admin/7"'
	stop_pilotfish
	await_gone own
	await_gone own-admin
}

@test "two instances with one id: both warn, and the first one leaves the entry to the second" {
	service one 'services = ( { name = "shared"; port = 90; id = "shared"; } ); health = { exec = "true"; interval = "100ms"; ttl = "1s"; };'
	await_passing shared 1
	service two 'services = ( { name = "shared"; port = 91; id = "shared"; } ); health = { exec = "true"; interval = "100ms"; ttl = "1s"; };'
	expect_log 'service shared is passing at [^ ]* port 90 and is taken over'
	expect_log -n one 'service shared: another instance, at [^ ]* port 91, has registered under this ID'
	stop_pilotfish -n one
	expect_log -n one "service shared is not deregistered: its entry belongs to another instance"
	await_passing shared 1
	expect_field shared .Service.Port 91
	stop_pilotfish -n two
	await_gone shared
}

@test "an ID that is critical elsewhere is ours: the container has a new address" {
	service moved 'interfaces = "static:192.0.2.1"; health = { exec = "true"; interval = "1s"; ttl = "1s"; };'
	await_passing moved 1
	signal_pilotfish KILL
	await_checks moved critical 1
	service moved 'interfaces = "static:192.0.2.2"; health = { exec = "true"; interval = "1s"; ttl = "1s"; };'
	await_passing moved 1
	expect_field moved .Service.Address '"192.0.2.2"'
	expect_field moved .Service.ID "\"moved-$(hostname)\""
}

@test "entries that an earlier process left at our address are removed, others are not" {
	register old old-former-life 80
	register old old-elsewhere 81
	register other other-former-life 80
	service old 'interfaces = "static:127.0.0.1";'
	await_passing old 2
	[[ $(consul_get /v1/health/service/old | jq -c 'map(.Service.ID) | sort') == \
		"$(jq -nc --arg us "old-$(hostname)" '["old-elsewhere", $us] | sort')" ]]
	await_passing other 1
	expect_log 'service old-former-life was left by an earlier process: removed'
}

@test "an agent at [::1]" {
	[[ -e /proc/net/if_inet6 ]] || skip "no IPv6 here"
	start_consul -n six --config '{"client_addr": "127.0.0.1 ::1"}'
	port=${consul_address##*:}
	address="[::1]:$port" service six 'interfaces = "static:::1";'
	await_passing six 1
	stop_pilotfish
	await_gone six
}

@test "a name with an underscore and a dot, as Consul itself allows" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "my_app.v2"; exec = "sleep 1000"; port = 80; interfaces = "static:192.0.2.1"; } );
		watches = ( { name = "mine"; service = "my_app.v2"; } );
	EOF
	await_passing my_app.v2 1
	expect_events "watch.mine healthy"
	expect_field my_app.v2 .Service.ID "\"my_app.v2-$(hostname)\""
	stop_pilotfish
	expect_code 0
	await_gone my_app.v2
}

registered()		# the field of the check that the fake Consul was told
{
	fake 'wait?path=/v1/agent/service/register&count=1' | jq -r ".[0].body | fromjson | .Check.$1"
}

@test "an entry that is critical for an hour is removed, unless told otherwise" {
	local key told

	for key in '' 'consul = { deregisterCriticalServiceAfter = 0; };' 'consul = { deregisterCriticalServiceAfter = "90s"; };'; do
		start_fake_consul
		start_pilotfish <<-EOF
			consul = "$fake_address"; jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; $key } );
		EOF
		told+=" $(registered DeregisterCriticalServiceAfter)"
		stop_pilotfish
		stop_program fake
	done
	[[ $told == " 1h0m0s null 1m30s" || $told == " 1h null 1m30s" ]] || fail "$told"
}

@test "a time below Consul's minimum of a minute is refused" {
	run -65 "$pilotfish" check -c <(echo 'consul = "c"; jobs = ( { name = "app"; exec = "a"; port = 80;
		consul = { deregisterCriticalServiceAfter = "30s"; }; } );')
	[[ $output == *"jobs[app].consul.deregisterCriticalServiceAfter: must be 0 or at least 1m, found 30s"* ]] || fail "$output"
}
