# Templates whose data does not come, or comes in large amounts.

load templates

setup_file()
{
	start_consul --config '{"log_level": "warn", "limits": {"http_max_conns_per_client": 1000}}'
}

@test "after 10 s the missing data is named, with the lines" {
	template missing <<-'EOF'
		{{ key "missing/a" }}
		{{ range service "missing" }}{{ end }}
		{{ key "missing/b" }}{{ key "missing/a" }}
	EOF
	start_templates <<<"$(entry missing)"
	LIMIT=20 expect_log "template.missing: waiting for kv.block.missing/a. .$dir/missing.ctmpl:1., kv.block.missing/b. .$dir/missing.ctmpl:3."
	refute_events "template.missing unhealthy"
	put missing/a 1
	put missing/b 2
	expect_events "template.missing rendered"
	expect_log 'template.missing is healthy again'
}

@test "a configuration without Consul" {
	template lone <<<'{{ key "lone/key" }}'
	template alone <<<'{{ env "HOME" }}'
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		templates = ( $(entry lone), $(entry alone) );
	EOF
	expect_file alone "$HOME"
	expect_log 'template.lone: this configuration has no consul, which kv.block.lone/key. needs'
	expect_log '"template.lone","event":"unhealthy"'
}

@test "a key that the token may not read is named" {
	start_consul -n guarded --acl --config '{"log_level": "warn"}'
	put secret/key hidden
	put open/key shown
	token=$(consul_token_for 'key_prefix "open/" { policy = "read" }')
	template denied <<<'{{ key "open/key" }} {{ key "secret/key" }}'
	template open <<<'{{ key "open/key" }}'
	consul_keys="token = \"$token\";" start_templates <<<"$(entry denied), $(entry open)"
	expect_file open shown
	expect_log 'consul refuses our token for kv.block.secret/key.: 403'
	LIMIT=20 expect_log 'template.denied: waiting for kv.block.secret/key'
	[[ ! -e $dir/denied ]]
	refute_log "$token"
	consul_put "/v1/acl/policy/$(consul_get "/v1/acl/token/$(<"$dir/accessor")" | jq -r '.Policies[0].ID')" \
		'{ "Name": "wider", "Rules": "key_prefix \"\" { policy = \"read\" }" }' >/dev/null
	LIMIT=40 expect_file denied "shown hidden"
}

@test "10,000 instances" {
	start_fake_consul
	python3 - "$fake_address" <<-'EOF'
		import http.client, json, sys
		connection = http.client.HTTPConnection(sys.argv[1].removeprefix("http://"))
		for n in range(10000):
		    connection.request("POST", "/fake/service", json.dumps(
		        {"ID": f"many-{n}", "Service": "many", "Address": f"10.1.{n >> 8}.{n & 255}", "Port": n + 1}))
		    connection.getresponse().read()
	EOF
	template many <<<'{{ range service "many" }}{{ .Address }}:{{ .Port }}{{ "\n" }}{{ end }}'
	consul_address=$fake_address start_templates <<<"$(entry many)"
	LIMIT=30 expect_events "template.many rendered"
	[[ $(grep -c '^10\.1\.' "$dir/many") == 10000 && $(sort -u "$dir/many" | grep -c .) == 10000 ]]
	fake remove '{ "ID": "many-77" }'
	LIMIT=30 expect_events "template.many changed"
	[[ $(grep -c '^10\.1\.' "$dir/many") == 9999 ]]
	at_most 200000 "$(rss_of "$pid")"
}
