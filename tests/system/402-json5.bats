# A configuration in JSON5: it runs, and its mistakes have places, too.

load lib

@test "hooks, checks, services and watches of a JSON5 file" {
	start_consul
	start_pilotfish <<-EOF
		// rendered first: {{ .HOME }}
		{
		  consul: '$consul_address',
		  "jobs": [
		    { name: 'app', exec: [ 'sleep', "1000" ], preStart: 'echo pre-start', port: 0x1F90,
		      interfaces: 'static:127.0.0.1', health: { exec: 'true', interval: 1e0, }, },
		    { name: 'hook', exec: "echo 'the set \
has changed'", when: { source: 'watch.app', each: 'changed' } },
		  ],
		  watches: [ { name: 'app' } ], /* the end */
		}
	EOF
	expect_log '"pre-start"'
	await_passing app 1
	[[ $(consul_get /v1/catalog/service/app | jq '.[0].ServicePort') == 8080 ]]
	expect_log '"the set has changed"'
	stop_pilotfish
	expect_code 0
	await_gone app
}

@test "a reload changes the syntax, and no job that stays the same" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "old"; exec = "sleep 1000"; } );'
	expect_events "old running"
	mark
	write_config <<<"{ jobs: [ { name: 'app', exec: 'sleep 1000' }, { name: 'new', exec: 'sleep 1000' } ] }"
	signal_pilotfish HUP
	expect_events "new running"
	refute_events "app stopped" "app exitFailed" "app running"
	mark
	write_config <<<"{ jobs: [ { name: 'app', exec: 'sleep 1000' }, ] ]"
	signal_pilotfish HUP
	expect_log "not reloaded, the old configuration stays: $dir/main.conf:1:50: a comma or a } is expected here"
	refute_events "app exitFailed" "new stopped"
}

refused()		# LINES...: what check says of the configuration on stdin
{
	cat >"$dir/x.json5"
	run -65 --separate-stderr "$pilotfish" check -c "$dir/x.json5"
	[ "$stderr" = "$(printf "pilotfish: $dir/x.json5:%s\n" "$@")" ] || fail "$stderr"
}

@test "mistakes have places, all at once" {
	refused "2:18: jobs[app].exe: unknown key; did you mean 'exec'?" \
		'3:38: jobs[b].stopTimeout: must be a duration such as 5, "250ms" or "1m30s", at least 1ms, found true' <<-'EOF'
		{ jobs: [
		  { name: 'app', exe: 'true' },
		  { name: 'b', exec: 'true', /* x */ stopTimeout: true } ] }
	EOF
	refused '2:11: a : is expected here, as the file begins with { and is JSON5: jobs = ( ) }' <<-'EOF'
		{
		     jobs = ( ) }
	EOF
	refused '1:1: the whole file is one object, in { }: [ { name: "app" } ]' <<<'[ { name: "app" } ]'
	refused '1:12: a comma or a } is expected here: { "a": "b" "c": 1 }' <<<'{ "a": "b" "c": 1 }'
	refused '1:1: the whole file is one object, in { }: [consul]' \
		' this looks like TOML; pilotfish reads libconfig'"'s syntax and JSON5, see pilotfish.conf(5)" <<-'EOF'
		[consul]
		address = "localhost:8500"
	EOF
	refused '3:3: text needs quotes: - name: app' '3:11: text needs quotes: - name: app' \
		' this looks like YAML; pilotfish reads libconfig'"'s syntax and JSON5, see pilotfish.conf(5)" <<-'EOF'
		consul: "localhost:8500"
		jobs:
		  - name: app
		    exec: [ "sleep", "1000" ]
	EOF
	refused '1:6: text needs quotes: { a: yes }' <<<'{ a: yes }'
}
