# The instances in Consul's own UI, as an operator sees them.

load ../system/lib
load browser

setup_file()
{
	start_consul --config '{"log_level": "warn", "ui": true}'
	start_app one
	start_app two
	start_app three "exec = [ \"sh\", \"-c\", \"echo ten connections; test ! -e $dir/three.ill\" ]"
	await_passing app 3
	start_browser
}

# An instance with the host name NAME; the file NAME.answer decides its health.
start_app()		# NAME [CHECK]
{
	local port answer=$dir/$1.answer check

	free_port
	check=${2-"http = \"http://127.0.0.1:$port/\""}
	export "port_$1=$port"
	printf '200\nwell\n' >"$answer"
	cat >"$dir/pilotfish-$1" <<-EOF
		#!/bin/sh
		exec unshare --uts sh -ec 'hostname $1; shift; exec "\$@"' sh - $B/pilotfish "\$@"
	EOF
	chmod +x "$dir/pilotfish-$1"
	pilotfish=$dir/pilotfish-$1 start_pilotfish -n "$1" <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = [ "$lib/helpers/web.py", "$port", "$answer" ];
			   port = $port; interfaces = "static:127.0.0.1";
			   tags = [ "web", "v2" ]; meta = { version = "2.1"; region = "eu-$1"; };
			   health = { $check; interval = "500ms"; ttl = "10s"; }; } );
	EOF
}

line()			# NAME COLOUR VERDICT: the line of an instance in the list
{
	local port=port_$1

	echo "app-$1 | $2 All service checks $3 | green All node checks passing | 127.0.0.1:${!port} | web, v2"
}

setup()
{
	file=$BATS_FILE_TMPDIR
}

@test "the list of services: the app and its number of instances" {
	open_page services
	expect_page services "app | green | 3 Instances | v2, web" "consul | green | 1 Instance | "
}

@test "its instances: address, port, tags, green checks" {
	open_page services/app
	expect_page instances "$(line one green passing)" "$(line three green passing)" "$(line two green passing)"
}

@test "the page of an instance: its check with the output, tags, meta" {
	open_page services/app/instances/consul/app-one/health-checks
	expect_page checks "Serf Health Status | green | *" "health | green | HTTP 200: well (took *ms)"
	open_page services/app/instances/consul/app-one/metadata
	expect_page tags "web, v2"
	expect_page meta "managed_by | pilotfish" "pilotfish_started | *" "pilotfish_version | *" \
		"region | eu-one" "version | 2.1"
}

@test "an unhealthy instance turns red on the open page, and green again after recovery" {
	open_page services/app
	expect_page instances "$(line one green passing)" "$(line three green passing)" "$(line two green passing)"
	born=$(page_born)
	printf '503\nno database\n' >"$file/two.answer"
	expect_page instances "$(line one green passing)" "$(line three green passing)" "$(line two red failing)"
	save_page "$B/consul-ui.png"
	printf '200\nwell\n' >"$file/two.answer"
	expect_page instances "$(line one green passing)" "$(line three green passing)" "$(line two green passing)"
	[[ $(page_born) == "$born" ]]
}

@test "a red check shows the output of the failed program" {
	touch "$file/three.ill"
	open_page services
	expect_page services "app | red | 3 Instances | v2, web" "consul | green | 1 Instance | "
	open_page services/app/instances/consul/app-three/health-checks
	expect_page checks "Serf Health Status | green | *" "health | red | ten connections (took *ms)"
	rm "$file/three.ill"
	expect_page checks "Serf Health Status | green | *" "health | green | ten connections (took *ms)"
}

@test "a stopped instance leaves the page, and a started instance appears" {
	open_page services/app
	expect_page instances "$(line one green passing)" "$(line three green passing)" "$(line two green passing)"
	born=$(page_born)
	dir=$file stop_pilotfish -n three
	expect_page instances "$(line one green passing)" "$(line two green passing)"
	start_app four
	expect_page instances "$(line four green passing)" "$(line one green passing)" "$(line two green passing)"
	[[ $(page_born) == "$born" ]]
}
