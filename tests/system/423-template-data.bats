# The data functions of templates, against a real Consul.

load templates

setup_file()
{
	start_consul --config '{"log_level": "warn", "limits": {"http_max_conns_per_client": 1000}}'
	consul_put /v1/agent/service/register '{ "Name": "web", "ID": "web-1", "Address": "192.0.2.1", "Port": 81,
		"Tags": ["blue", "v1"], "Meta": { "zone": "a" }, "Check": { "TTL": "1h", "Status": "passing" } }'
	consul_put /v1/agent/service/register '{ "Name": "web", "ID": "web-2", "Address": "192.0.2.2", "Port": 82,
		"Tags": ["green"], "Check": { "TTL": "1h", "Status": "warning" } }'
	consul_put /v1/agent/service/register '{ "Name": "web", "ID": "web-3", "Address": "192.0.2.3", "Port": 83,
		"Tags": ["blue"], "Check": { "TTL": "1h", "Status": "critical" } }'
	consul_put /v1/agent/service/register '{ "Name": "web", "ID": "web-4", "Address": "192.0.2.4", "Port": 84 }'
	consul_put "/v1/agent/service/maintenance/web-4?enable=true"
	consul_put /v1/catalog/register '{ "Node": "other", "Address": "192.0.2.99", "NodeMeta": { "rack": "7" },
		"Service": { "Service": "db", "ID": "db-1", "Port": 5432, "Tags": ["primary"] } }' >/dev/null
	put conf/a 1
	put conf/b 2
	put conf/sub/c 3
}

becomes()		# TEMPLATE TEXT
{
	printf '%s' "$1" >"$dir/in.ctmpl"
	run -0 --separate-stderr timeout -k 1 "$(limit)" "$pilotfish" render --consul-addr "$consul_address" \
		-t "$dir/in.ctmpl" --once
	[[ $output == "$2" ]] || fail "$1: '$output', not '$2'"
}

@test "service: passing instances, by tag, by status" {
	becomes '{{ range service "web" }}{{ .ID }} {{ .Address }}:{{ .Port }} {{ .Tags | join "," }} {{ .Status }} {{ .ServiceMeta.zone }} {{ end }}' \
		"web-1 192.0.2.1:81 blue,v1 passing a "
	becomes '{{ range service "web|any" }}{{ .ID }}={{ .Status }} {{ end }}' \
		"web-1=passing web-2=warning web-3=critical web-4=maintenance "
	becomes '{{ range service "web|passing,warning" }}{{ .ID }} {{ end }}' "web-1 web-2 "
	becomes '{{ range service "web" "critical" }}{{ .ID }} {{ end }}' "web-3 "
	becomes '{{ range service "blue.web|any" }}{{ .ID }} {{ end }}' "web-1 web-3 "
	becomes '{{ range service "blue.web" }}{{ .ID }} {{ end }}{{ range service "green.web" }}{{ .ID }} {{ end }}' "web-1 "
	becomes '{{ range service "web@dc1" }}{{ .ID }}{{ end }}{{ range service "web~_agent" }}{{ .ID }}{{ end }}' "web-1web-1"
	becomes '{{ range service "nothing" }}x{{ else }}none{{ end }}' none
}

@test "services" {
	becomes '{{ range services }}{{ .Name }}:{{ .Tags | join "," }} {{ end }}' "consul: db:primary web:blue,green,v1 "
	becomes '{{ range services }}{{ range service .Name }}{{ .Name }}/{{ .ID }} {{ end }}{{ end }}' "consul/consul db/db-1 web/web-1 "
}

@test "node, nodes and datacenters" {
	becomes '{{ with node }}{{ .Node.Node }} {{ .Node.Address }}{{ range .Services }} {{ .Service }}{{ end }}{{ end }}' \
		"consul 127.0.0.1 consul web web web web"
	becomes '{{ with node "other" }}{{ .Node.Address }} {{ .Node.Meta.rack }}{{ range .Services }} {{ .Service }}:{{ .Port }}{{ end }}{{ end }}' \
		"192.0.2.99 7 db:5432"
	becomes '{{ with (node "nobody").Node }}x{{ else }}none{{ end }}' none
	becomes '{{ range nodes }}{{ .Node }} {{ .Address }} {{ end }}' "consul 127.0.0.1 other 192.0.2.99 "
	becomes '{{ datacenters | join "," }}' dc1
}

@test "key, keyExists, keyOrDefault, ls, tree" {
	becomes '{{ key "conf/a" }}{{ key "/conf/b" }}' 12
	becomes '{{ keyExists "conf/a" }} {{ keyExists "conf/x" }} {{ keyOrDefault "conf/x" "d" }} {{ keyOrDefault "conf/a" "d" }}' \
		"true false d 1"
	becomes '{{ range ls "conf" }}{{ .Key }}={{ .Value }} {{ end }}' "a=1 b=2 "
	becomes '{{ range tree "conf" }}{{ .Key }}={{ .Value }} {{ end }}' "a=1 b=2 sub/c=3 "
	becomes '{{ range ls "nowhere" }}x{{ else }}none{{ end }}' none
	becomes '{{ range $k, $v := tree "conf" | explode }}{{ $k }} {{ end }}' "a b sub "
}

@test "YAML of a key; YAML and TOML of services, pairs and nodes" {
	put app/settings $'defaults: &d { port: 80, tls: no }\nsites:\n- <<: *d\n  name: shop\n- <<: *d\n  name: blog\n  port: 81\n'
	becomes '{{ range (key "app/settings" | parseYAML).sites }}{{ .name }}:{{ .port }}{{ if .tls }}s{{ end }} {{ end }}' "shop:80 blog:81 "
	becomes '{{ with index (service "web") 0 }}{{ sprig_dict "name" .ID "tags" .Tags "meta" .ServiceMeta "port" .Port | toYAML }}{{ end }}' \
		$'meta:\n  zone: a\nname: web-1\nport: 81\ntags:\n- blue\n- v1'
	becomes '{{ $all := service "web" | toYAML | parseYAML }}{{ with index $all 0 }}{{ .id }} {{ .address }} {{ .weights.passing }} {{ len .checks }}{{ end }}' \
		"web-1 192.0.2.1 1 2"
	becomes '{{ service "web" | toYAML | regexMatch "(?s)^- node: consul\n  nodeid: .*\n  address: 192.0.2.1\n.*\n  port: 81\n  weights:\n    passing: 1\n    warning: 1$" }}' true
	becomes '{{ range ls "conf" }}{{ sprig_dict .Key .Value | toTOML }} {{ end }}' 'a = "1" b = "2" '
	becomes '{{ with (node "other").Node }}{{ .Meta | toTOML }}{{ end }}' 'rack = "7"'
	drop app/settings
	put app/settings 'a: [1'
	printf '{{ key "app/settings" | parseYAML }}' >"$dir/in.ctmpl"
	run -1 timeout -k 1 "$(limit)" "$pilotfish" render --consul-addr "$consul_address" -t "$dir/in.ctmpl" --once
	[[ $output == *"parseYAML: not YAML: did not find expected ',' or ']' in line 1"* ]]
	drop app/settings
}

@test "a folder's own key is not below it" {
	for key in shop/ shop/db/ shop/db/host shop/port onlyfolder/; do
		put "$key" ""
	done
	becomes '{{ len (tree "shop/") }} {{ len (ls "shop/") }} {{ if tree "onlyfolder/" }}some{{ else }}none{{ end }}' "2 1 none"
	template folder <<<'{{ range safeTree "onlyfolder/" }}{{ .Key }}{{ end }}'
	start_templates <<<"$(entry folder)"
	expect_events "app running"
	[[ ! -e $dir/folder ]]
	put onlyfolder/x 1
	expect_file folder x
	for key in shop/ shop/db/ shop/db/host shop/port onlyfolder/ onlyfolder/x; do
		drop "$key"
	done
}

@test "a path is cleaned as Consul cleans it; what Consul rejects is an error, not an outage" {
	becomes '{{ key "//conf/a" }} {{ keyOrDefault "conf//b" "d" }} {{ keyOrDefault "conf//x" "d" }} {{ keyExists "conf/./a" }}' "1 2 d true"
	becomes '{{ key "conf/sub/../b" }} {{ range tree "conf//" }}{{ .Key }} {{ end }}' "2 conf/a conf/b conf/sub/c "
	becomes '{{ range ls "/" }}{{ .Key }}{{ end }} {{ range tree "/" }}{{ .Path }} {{ end }}' " conf/a conf/b conf/sub/c "
	template dots <<<'{{ with node ".." }}{{ .Node }}{{ end }}'
	template control <<<'{{ key "a\x01b" }}'
	template fine <<<'{{ key "conf/a" }}'
	start_templates <<<"$(entry dots), $(entry control), $(entry fine)"
	expect_log 'template.dots: consul rejects catalog.node.*: 404'
	expect_log 'template.control: consul rejects kv.block.*: 400'
	for event in '"template.dots","event":"unhealthy"' '"template.control","event":"unhealthy"' '"template.fine","event":"rendered"'; do
		expect_log "$event"
	done
	expect_code_of 1 "$pilotfish" render --consul-addr "$consul_address" -t "$dir/dots.ctmpl" --once
}

@test "a query that Consul rejects for a while" {
	start_fake_consul
	fake mode '{ "path": "/v1/kv/", "mode": "400" }' >/dev/null
	template late <<<'{{ keyOrDefault "late" "default" }}'
	consul_address=$fake_address start_templates <<<"$(entry late)"
	expect_log 'template.late: consul rejects kv.get.late.: 400'
	fake mode '{ "mode": "ok" }' >/dev/null
	expect_file late default
	expect_events "template.late unhealthy" "template.late rendered"
}

@test "changes are seen: a list of keys, a node, the services, a new key" {
	template all <<-'EOF'
		{{ range tree "grow" }}{{ .Key }}={{ .Value }} {{ end }}
		{{ with (node "grown").Node }}{{ .Address }}{{ end }}
		{{ range services }}{{ if .Name | regexMatch "^grow" }}{{ .Name }}{{ end }}{{ end }}
		{{ keyOrDefault "later" "not yet" }}
	EOF
	start_templates <<<"$(entry all)"
	expect_file all $'\n\n\nnot yet'
	put grow/a 1
	expect_file all $'a=1 \n\n\nnot yet'
	consul_put /v1/catalog/register '{ "Node": "grown", "Address": "192.0.2.77" }' >/dev/null
	expect_file all $'a=1 \n192.0.2.77\n\nnot yet'
	register growing growing-1 81
	expect_file all $'a=1 \n192.0.2.77\ngrowing\nnot yet'
	put later now
	expect_file all $'a=1 \n192.0.2.77\ngrowing\nnow'
	drop grow/a
	drop later
	deregister growing-1
	expect_file all $'\n192.0.2.77\n\nnot yet'
	# That a node is gone Consul tells only when the query's time is over.
}

@test "file: the template waits for it, and reads it again when it changes" {
	template file <<<"<{{ file \"$dir/data\" }}>"
	start_templates <<<"$(entry file)"
	expect_events "app running"
	[[ ! -e $dir/file ]]
	printf one >"$dir/data"
	expect_file file '<one>'
	printf two >"$dir/data.new"
	mv "$dir/data.new" "$dir/data"
	expect_file file '<two>'
	rm "$dir/data"
	printf three >"$dir/data"
	expect_file file '<three>'
}

@test "a deleted key: the file stays until the key exists again" {
	put gone/key one
	template gone <<<'{{ key "gone/key" }}'
	start_templates <<<"$(entry gone)"
	expect_file gone one
	put gone/mark 1
	drop gone/key
	put gone/key two
	expect_file gone two
}
