# A change in Consul is an event, and runs onChange with the changes on its standard input.

load lib
load measure

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
	cat >"$dir/take" <<-'EOF'
		#!/bin/sh
		# take FILE: append the document, as a line
		{ cat; echo; } >>"$1"
	EOF
	chmod +x "$dir/take"
	export take=$dir/take
}

watch()			# a pilotfish with one watch; its documents go to $dir/documents
{
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { $1 onChange = "$take $dir/documents"; } );
	EOF
}

document()		# document N JQ: the Nth document, once it is there
{
	await has_document "$1"
	sed -n "$1p" "$dir/documents" | jq -c "$2"
}

has_document()
{
	[[ $(wc -l <"$dir/documents") -ge $1 ]] 2>/dev/null
}

expect_document()	# expect_document N JQ JSON
{
	local found

	found=$(document "$1" "$2") || return
	[[ $found == "$3" ]] || fail "$2 of document $1 is $found, not $3"
}

@test "the first answer runs onChange even if it is empty" {
	watch 'name = "nothing";'
	expect_events "watch.nothing changed" "watch.nothing unhealthy" "nothing.onChange exitSuccess"
	expect_document 1 . '{"source":"watch.nothing","event":"changed","instances":[],"added":[],"removed":[],"modified":[]}'
}

@test "the whole document of an instance" {
	consul_put /v1/agent/service/register '{ "Name": "whole", "ID": "whole-1", "Address": "192.0.2.1", "Port": 81,
		"Tags": ["a", "ü"], "Meta": { "k": "v" } }'
	watch 'name = "whole";'
	expect_events "watch.whole changed" "watch.whole healthy" "whole.onChange exitSuccess"
	expect_document 1 .instances '[{"id":"whole-1","node":"consul","address":"192.0.2.1","port":81,"tags":["a","ü"],"meta":{"k":"v"},"status":"passing"}]'
	expect_document 1 '.added == .instances and .removed == [] and .modified == []' true
}

@test "the node's address stands for an instance without one" {
	consul_put /v1/agent/service/register '{ "Name": "bare", "Port": 81 }'
	watch 'name = "bare";'
	expect_document 1 .instances[0].address '"127.0.0.1"'
}

@test "added, modified, removed, and the hook's environment" {
	cat >"$dir/hook" <<-EOF
		#!/bin/sh
		env | grep ^PILOTFISH_ | sort >$dir/environment
		$take $dir/documents
	EOF
	chmod +x "$dir/hook"
	take=$dir/hook
	register steps steps-1 81
	watch 'name = "steps";'
	expect_events "steps.onChange exitSuccess"
	register steps steps-2 82
	expect_events "watch.steps changed" "steps.onChange exitSuccess"
	expect_document 2 '[.added[].id, .removed, .modified, (.instances | length)]' '["steps-2",[],[],2]'
	register steps steps-2 83
	expect_events "watch.steps changed" "steps.onChange exitSuccess"
	expect_document 3 '[.added, .removed, (.modified[] | .id, .port)]' '[[],[],"steps-2",83]'
	deregister steps-1
	expect_events "watch.steps changed" "steps.onChange exitSuccess"
	expect_document 4 '[.added, .removed[].id, .modified, .instances[].id]' '[[],"steps-1",[],"steps-2"]'
	refute_events "watch.steps unhealthy"
	grep -x PILOTFISH_EVENT=changed "$dir/environment"
	grep -x PILOTFISH_SOURCE=watch.steps "$dir/environment"
	grep -x PILOTFISH_JOB=steps.onChange "$dir/environment"
}

@test "healthy and unhealthy: is there any instance?" {
	watch 'name = "any";'
	expect_events "watch.any changed" "watch.any unhealthy"
	register any any-1 81
	expect_events "watch.any changed" "watch.any healthy"
	mark
	register any any-2 82
	expect_events "watch.any changed" "any.onChange exitSuccess"
	refute_events "watch.any healthy"
	deregister any-1
	deregister any-2
	expect_events "watch.any unhealthy"
}

@test "passing: only instances in service; without it all, with their status" {
	register mixed mixed-1 81
	register mixed mixed-2 82 warning
	register mixed mixed-3 83 critical
	register mixed mixed-4 84
	consul_put "/v1/agent/service/maintenance/mixed-4?enable=true"
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { name = "some"; service = "mixed"; onChange = "$take $dir/some"; },
			    { name = "all"; service = "mixed"; passing = false; onChange = "$take $dir/documents"; } );
	EOF
	expect_document 1 '[.instances[] | .id, .status]' \
		'["mixed-1","passing","mixed-2","warning","mixed-3","critical","mixed-4","maintenance"]'
	expect_log '"some.onChange","event":"exitSuccess"'
	[[ $(jq -c '[.instances[].id]' "$dir/some") == '["mixed-1"]' ]]
	mark
	consul_put /v1/agent/check/update/service:mixed-3 '{"Status": "passing"}'
	expect_events "watch.some changed" "some.onChange exitSuccess"
	expect_document 2 '[.modified[] | .id, .status]' '["mixed-3","passing"]'
}

@test "tags: all of them" {
	consul_put /v1/agent/service/register '{ "Name": "tagged", "ID": "t1", "Port": 1, "Tags": ["v1", "eu"] }'
	consul_put /v1/agent/service/register '{ "Name": "tagged", "ID": "t2", "Port": 2, "Tags": ["v2", "eu"] }'
	watch 'name = "two"; service = "tagged"; tag = [ "v2", "eu" ];'
	expect_document 1 '[.instances[].id]' '["t2"]'
	stop_pilotfish
	rm "$dir/documents"
	watch 'name = "one"; service = "tagged"; tag = "eu"; near = "_agent"; dc = "dc1";'
	expect_document 1 '[.instances[].id]' '["t1","t2"]'
}

@test "two watches of one service with different tags are independent" {
	consul_put /v1/agent/service/register '{ "Name": "pair", "ID": "p1", "Port": 1, "Tags": ["a"] }'
	consul_put /v1/agent/service/register '{ "Name": "pair", "ID": "p2", "Port": 2, "Tags": ["b"] }'
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; },
			 { name = "clock"; exec = "true"; when = { interval = "1s"; }; } );
		watches = ( { name = "a"; service = "pair"; tag = "a"; onChange = "$take $dir/a"; },
			    { name = "b"; service = "pair"; tag = "b"; onChange = "$take $dir/b"; } );
	EOF
	expect_events "clock exitSuccess" "clock exitSuccess" "clock exitSuccess" "clock exitSuccess"
	[[ $(count_events "watch.a changed") == 1 && $(count_events "watch.b changed") == 1 ]]
	[[ $(count_events "a.onChange running") == 1 && $(count_events "b.onChange running") == 1 ]]
	# A change concerns one of them only.
	mark
	consul_put /v1/agent/service/register '{ "Name": "pair", "ID": "p2", "Port": 3, "Tags": ["b"] }'
	expect_events "watch.b changed" "b.onChange exitSuccess"
	refute_events "watch.a changed"
}

@test "order, a check's output and the same registration are no changes" {
	register calm calm-1 81
	register calm calm-2 82
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { name = "calm"; onChange = "$take $dir/documents"; }, { name = "mark"; key = "calm/mark"; } );
	EOF
	expect_events "watch.calm changed" "calm.onChange exitSuccess"
	mark
	register calm calm-1 81
	consul_put /v1/agent/check/update/service:calm-1 '{"Status": "passing", "Output": "another"}'
	consul_put /v1/agent/check/register '{ "Name": "of the node", "ID": "node-check", "TTL": "1h", "Status": "passing" }'
	consul_put /v1/agent/check/deregister/node-check
	consul_put /v1/kv/calm/mark now
	expect_events "watch.mark changed"
	refute_events "watch.calm changed"
}

@test "a key: its value as text, as base64, and gone" {
	watch 'name = "flag"; key = "config/flag";'
	expect_events "watch.flag changed"
	expect_document 1 '[.keys, .added]' '[[],[]]'
	consul_put /v1/kv/config/flag 'größer'
	expect_document 2 '[.keys[] | .key, .value, .encoding]' '["config/flag","größer","utf-8"]'
	index=$(consul_get /v1/kv/config/flag | jq '.[0].ModifyIndex')
	expect_document 2 .keys[0].modifyIndex "$index"
	consul_put /v1/kv/config/flag $'\xff\xfe'
	expect_document 3 '[.modified[] | .value, .encoding]' '["//4=","base64"]'
	consul_request DELETE /v1/kv/config/flag
	expect_document 4 '[.keys, .removed[].key]' '[[],"config/flag"]'
	refute_log 'consul does not know'
}

@test "the same value written again, and a neighbour, are no change of a key" {
	consul_put /v1/kv/same/flag one
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		watches = ( { name = "flag"; key = "same/flag"; }, { name = "all"; prefix = "same/"; } );
	EOF
	expect_events "watch.flag changed"
	expect_log '"watch.all","event":"changed"'
	mark
	consul_put /v1/kv/same/flag one
	consul_put /v1/kv/same/flags two
	expect_events "watch.all changed"
	refute_events "watch.flag changed"
}

@test "a prefix: all keys below it" {
	consul_put /v1/kv/tree/b two
	consul_put /v1/kv/tree/a/x one
	consul_put /v1/kv/trees no
	watch 'name = "tree"; prefix = "tree/";'
	expect_document 1 '[.keys[] | .key, .value]' '["tree/a/x","one","tree/b","two"]'
	consul_put /v1/kv/tree/c three
	expect_document 2 '[.added[].key]' '["tree/c"]'
	consul_request DELETE '/v1/kv/tree/?recurse'
	expect_document 3 '[.removed | length]' '[3]'
}

@test "a job that needs the service starts when there is an instance" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; needs = [ "watch.gate healthy" ]; },
			 { name = "other"; exec = "sleep 1000"; } );
		watches = ( { name = "gate"; } );
	EOF
	expect_events "other running" "watch.gate unhealthy"
	refute_events "app running"
	register gate gate-1 81 critical
	register gate gate-2 82
	expect_events "watch.gate healthy" "app running"
}

@test "a job runs for every change of a watch without onChange" {
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; },
			 { name = "told"; exec = "$take $dir/documents"; when = { source = "watch.by"; each = "changed"; }; } );
		watches = ( { name = "by"; key = "by"; } );
	EOF
	expect_document 1 .keys '[]'
	consul_put /v1/kv/by 1
	expect_document 2 '[.added[].value]' '["1"]'
}

place()			# NODE SECONDS: from the origin of Consul's coordinates
{
	consul_put /v1/catalog/register "{ \"Node\": \"$1\", \"Address\": \"192.0.2.1\",
		\"Service\": { \"Service\": \"spread\", \"ID\": \"spread-$1\", \"Port\": 80 } }"
	consul_put /v1/coordinate/update "{ \"Node\": \"$1\",
		\"Coord\": { \"Vec\": [$2, 0, 0, 0, 0, 0, 0, 0], \"Error\": 0.1, \"Adjustment\": 0, \"Height\": 0.0001 } }"
}

are_placed()
{
	[[ $(consul_get /v1/coordinate/nodes | jq '[.[] | select(.Node == "a" or .Node == "b" or .Node == "c")] | length') == 3 ]]
}

@test "near: the instances by their distance from a node" {
	place a 0.5
	place b 0.1
	place c 0.3
	LIMIT=20 await are_placed
	watch 'name = "spread"; near = "b";'
	expect_events "watch.spread changed" "spread.onChange exitSuccess"
	expect_document 1 '[.instances[].node]' '["b","c","a"]'
	expect_document 1 '[.added[].node]' '["b","c","a"]'
	expect_document 1 '.instances[0] | has("rank")' false
	consul_put /v1/catalog/deregister '{ "Node": "c" }'
	expect_document 2 '[.instances[].node]' '["b","a"]'
	expect_document 2 '[.removed[].node]' '["c"]'
}
