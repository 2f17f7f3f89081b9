# The name server does not answer.
# plain

load lib
load measure
load trouble

# Starts a pilotfish whose name server never answers.
setup()
{
	echo 'nameserver 192.0.2.53' >"$dir/resolv.conf"
	cat >"$dir/pilotfish" <<-EOF
		#!/bin/sh
		exec unshare --net --mount sh -ec '
			ip link set lo up
			ip link add eth0 type veth peer name other0
			ip link set eth0 up
			ip link set other0 up
			ip addr add 192.0.2.1/24 dev eth0
			ip neigh add 192.0.2.53 lladdr 02:00:00:00:00:01 dev eth0
			mount --bind $dir/resolv.conf /etc/resolv.conf
			exec "\$@"' sh $pilotfish "\$@"
	EOF
	chmod +x "$dir/pilotfish"
	pilotfish=$dir/pilotfish
}

@test "of Consul: the workload starts, checks go on, signals are heard, the end comes in time" {
	start_pilotfish <<-EOF
		consul = "consul.example:8500";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; health = { exec = "true"; interval = "50ms"; failures = 40; ttl = "1s"; }; } );
		watches = ( { name = "db"; onChange = "true"; }, { name = "cache"; } );
	EOF
	expect_events "app running" "app healthy"
	at_most 300 "$(between "global startup" "app running")"
	at_most 500 "$(between "global startup" "app healthy")"
	go_on 20
	began=$(now)
	signal_pilotfish USR2
	expect_events "global enterMaintenance"
	at_most 500 $(($(now) - began))
	expect_log 'consul at .* does not answer: no connection in time'
	mark
	trouble_began=$(now) trouble_cpu=$(cpu_of "$pid")
	go_on 30
	expect_unharmed
	[[ ! $(complaints) ]]
	at_most 30 "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)"
	stop_pilotfish
	expect_code 0
	at_most 500 "$took"
}

@test "of Consul: an immediate stop is as quick" {
	start_pilotfish <<-EOF
		consul = "consul.example:8500";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; } );
		watches = ( { name = "db"; } );
	EOF
	expect_events "app running"
	stop_pilotfish
	expect_code 0
	at_most 1500 "$took"
}

@test "of a health check: that check fails in time, others go on" {
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = "true"; interval = "50ms"; failures = 40; }; },
			 { name = "web"; exec = "sleep 1000"; health = { http = "http://web.example/"; interval = "400ms"; }; },
			 { name = "tcp"; exec = "sleep 1000"; health = { tcp = "tcp.example:80"; interval = "400ms"; }; } );
	EOF
	expect_events "web unhealthy"
	at_most 700 "$(between "web running" "web unhealthy")"
	expect_log 'tcp is critical: timed out after 400ms'
	go_on 20
	mark
	trouble_began=$(now) trouble_cpu=$(cpu_of "$pid")
	go_on 30
	at_least $((($(now) - trouble_began) / 100 / slow)) "$(count_events "app.health exitSuccess")"
	stop_pilotfish
	at_most 500 "$took"
}
