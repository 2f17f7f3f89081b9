# Consul's UI, in a browser on the host, shows the containers of examples/nginx.
# serial
# limit 900

load lib
load ../browser/browser

up()
{
	compose_down >/dev/null 2>&1 || :
	export VERSION=2.1
	quietly compose_up consul
	consul_address=http://127.0.0.1:$(compose_port consul 8500)
	export consul_address
	LIMIT=30 await consul_leads
	quietly compose_up --scale app=4
	LIMIT=30 await_passing app 4
	LIMIT=30 await_passing nginx 1
	start_browser
}

# An instance that registers before its first verdict has that verdict's output in the catalogue.
consul_leads()
{
	[[ $(consul_get /v1/status/leader 2>/dev/null) == *:* ]]
}

teardown_file()
{
	stop_all
	file_end compose_down
}

# Expects the lines of all apps, by Docker's data; CONTAINER is the unhealthy one.
expect_apps()		# [CONTAINER]
{
	local name verdict lines=()

	for name in $(containers app); do
		verdict='green All service checks passing'
		[[ $name != "${1-}" ]] || verdict='red All service checks failing'
		lines+=("$(id_of "$name") | $verdict | green All node checks passing | $(address_of "$name"):3000 | web")
	done
	mapfile -t lines < <(printf '%s\n' "${lines[@]}" | LC_ALL=C sort)
	expect_page instances "${lines[@]}"
}

open_instance()		# CONTAINER TAB
{
	local node

	node=$(docker inspect -f '{{ .Config.Hostname }}' "$(containers consul)")
	open_page "services/app/instances/$node/$(id_of "$1")/$2"
}

@test "the services: nginx, and the app with all its containers" {
	open_page services
	expect_page services "app | green | 4 Instances | web" "consul | green | 1 Instance | " \
		"nginx | green | 1 Instance | "
	quietly compose_up --scale app=5
	expect_page services "app | green | 5 Instances | web" "consul | green | 1 Instance | " \
		"nginx | green | 1 Instance | "
}

@test "the instances have the addresses of the containers, and green checks" {
	open_page services/app
	expect_apps
}

@test "the page of an instance shows its check's output, tags and meta" {
	local name id

	name=$(containers app | head -n 1)
	id=$(id_of "$name")
	open_instance "$name" health-checks
	expect_page checks "Serf Health Status | green | *" "health | green | HTTP 200: hello from ${id#app-} (took *ms)"
	open_instance "$name" metadata
	expect_page tags web
	expect_page meta "managed_by | pilotfish" "pilotfish_started | *" "pilotfish_version | *" "version | 2.1"
}

@test "an instance that becomes unhealthy turns red on the open page, with the reason" {
	local name born began

	name=$(containers app | sed -n 2p)
	open_page services/app
	expect_apps
	born=$(page_born)
	began=$(now)
	docker exec "$name" touch /tmp/ill
	expect_apps "$name"
	figure "red in the browser after $(($(now) - began)) ms"
	[[ $(page_born) == "$born" ]]
	save_page "$B/consul-ui.png"
	open_instance "$name" health-checks
	expect_page checks "Serf Health Status | green | *" "health | red | HTTP 503: hello from * (took *ms)"
	docker exec "$name" rm /tmp/ill
	expect_page checks "Serf Health Status | green | *" "health | green | HTTP 200: hello from * (took *ms)"
}
