# Which token is used, and when it is read again.

load lib
load measure
load trouble

setup_file()
{
	start_consul --acl --config '{"log_level": "warn"}'
	minimal='service "app" { policy = "write" } service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }'
	export minimal
}

app()			# with these keys in the group consul
{
	start_pilotfish <<-EOF
		consul = { address = "$consul_address"; $1 };
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; health = { exec = "true"; interval = "50ms"; failures = 40; ttl = "1s"; }; } );
		watches = ( { name = "app"; } );
	EOF
}

@test "the least of rights: register, tell, watch, maintain, deregister" {
	token=$(consul_token_for "$minimal")
	app "token = \"$token\";"
	expect_events "watch.app changed" "watch.app healthy"
	await_passing app 1
	signal_pilotfish USR2
	expect_events "watch.app unhealthy"
	signal_pilotfish USR2
	expect_events "watch.app healthy"
	stop_pilotfish
	expect_code 0
	await_gone app
	[[ $(complaints | wc -l) == 0 ]]
	refute_log "$token"
}

@test "no token where one is needed: logged once, the workload runs" {
	app ''
	expect_events "app healthy"
	expect_log 'consul refuses our token for service app: 403 Permission denied'
	go_on
	at_most 2 "$(complaints | wc -l)"
	[[ ! $(complaints | sort | uniq -d) ]]
	stop_pilotfish
	expect_code 0
	at_most 400 "$took"
}

@test "a token file that changes is read again" {
	echo 00000000-0000-4000-8000-00000000dead >"$dir/token"
	app "tokenFile = \"$dir/token\";"
	expect_log 'consul refuses our token for service app: 403'
	token=$(consul_token_for "$minimal")
	echo "$token" >"$dir/token.new"
	mv "$dir/token.new" "$dir/token"
	expect_log 'consul serves service app again'
	await_passing app 1
	# A new token; the old one is revoked.
	old=$(<"$dir/accessor")
	next=$(consul_token_for "$minimal")
	echo "$next" >"$dir/token"
	consul_request DELETE "/v1/acl/token/$old" >/dev/null
	go_on 30
	await_passing app 1
	refute_events "app unhealthy"
	[[ $(count_log "$token|$next") == 0 ]]
}

@test "a token file that comes late or is emptied: logged once each time" {
	app "tokenFile = \"$dir/token\";"
	expect_log 'consul token: .*/token: No such file'
	go_on 20
	[[ $(count_log 'consul token') == 1 ]]
	consul_token_for "$minimal" >"$dir/token.new"
	mv "$dir/token.new" "$dir/token"
	expect_log 'service app-[^ ]* at .* is registered'
	await_passing app 1
	# It is emptied: the last token stays in use.
	: >"$dir/token"
	expect_log 'consul token: .*the file has no token'
	go_on 20
	await_passing app 1
	[[ $(count_log 'the file has no token') == 1 ]]
}

@test "the environment wins over the file: token, and token file" {
	token=$(consul_token_for "$minimal")
	export CONSUL_HTTP_TOKEN=$token
	app 'token = "wrong";'
	await_passing app 1
	stop_pilotfish
	await_gone app
	unset CONSUL_HTTP_TOKEN
	echo "$token" >"$dir/token"
	export CONSUL_HTTP_TOKEN_FILE=$dir/token
	app 'token = "wrong";'
	await_passing app 1
	stop_pilotfish
	await_gone app
}

@test "white space around a token, as a newline that an editor or a shell has left, does no harm" {
	token=$(consul_token_for "$minimal")
	CONSUL_HTTP_TOKEN="$token"$'\r\n' app ''
	await_passing app 1
	stop_pilotfish
	await_gone app
	app "token = \" $token\\n\"; auth = \"user:password\\n\";"
	await_passing app 1
	stop_pilotfish
	printf ' %s \r\n' "$token" >"$dir/token"
	app "tokenFile = \"$dir/token\";"
	await_passing app 1
	[[ $(complaints | wc -l) == 0 ]]
}

@test "a token file that cannot be read is not waited for" {
	mkfifo "$dir/token"
	app "tokenFile = \"$dir/token\";"
	expect_events "app running" "app healthy"
	stop_pilotfish
	expect_code 0
	at_most 500 "$took"
}

# An agent that notices the end of a token at once.
start_strict_consul()
{
	start_consul -n strict --acl --config '{"log_level": "warn", "acl": { "token_ttl": "1ms", "policy_ttl": "1ms" }}'
}

@test "after a rotation the old token's end freezes nothing: the catalogue follows, at the stop, too" {
	start_strict_consul
	first=$(consul_token_for "$minimal")
	old=$(<"$dir/accessor")
	echo "$first" >"$dir/token"
	touch "$dir/well"
	start_pilotfish <<-EOF
		consul = { address = "$consul_address"; tokenFile = "$dir/token"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80;
			   health = { exec = "test -e $dir/well"; interval = "50ms"; ttl = "1s"; }; } );
	EOF
	await_passing app 1
	consul_token_for "$minimal" >"$dir/token.new"
	mv "$dir/token.new" "$dir/token"
	expect_log 'service app-[^ ]* is registered with the new token'
	consul_request DELETE "/v1/acl/token/$old" >/dev/null
	rm "$dir/well"
	await_checks app critical 1
	touch "$dir/well"
	await_passing app 1
	# Again, and the stop is the first that needs the new token.
	old=$(<"$dir/accessor")
	signal_pilotfish STOP
	consul_token_for "$minimal" >"$dir/token.new"
	mv "$dir/token.new" "$dir/token"
	consul_request DELETE "/v1/acl/token/$old" >/dev/null
	signal_pilotfish TERM
	signal_pilotfish CONT
	wait_exit
	expect_code 0
	await_gone app
	refute_log 'the catalogue still has it'
}

@test "a deregistration that the catalogue does not follow is said, and holds the stop for a second" {
	start_strict_consul
	consul_token_for "$minimal" >"$dir/token"
	app "tokenFile = \"$dir/token\";"
	await_passing app 1
	signal_pilotfish STOP
	# Somebody registers our entry again, with a token that ends.
	entry=$(consul_get /v1/agent/services | jq '.["app-'"$(hostname)"'"] | .Name = .Service | .Port = 81 | { ID, Name, Address, Port, Meta }')
	(consul_token=$(consul_token_for "$minimal"); consul_put /v1/agent/service/register "$entry")
	await_consul 1 /v1/catalog/service/app ServicePort=81
	consul_request DELETE "/v1/acl/token/$(<"$dir/accessor")" >/dev/null
	signal_pilotfish TERM
	signal_pilotfish CONT
	wait_exit
	expect_code 0
	expect_log 'service app-[^ ]*: the agent has deregistered it, but the catalogue still has it'
	at_most 2000 "$took"
}
