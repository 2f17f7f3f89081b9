# Changing the jobs of a running pilotfish: start, stop, restart, with a real Consul and under load.

load lib

setup()
{
	export PILOTFISH_SOCKET=$dir/control.sock
}

status_of()		# JOB MEMBER
{
	"$pilotfish" status --json | jq -r --arg job "$1" ".jobs[] | select(.name == \$job) | .$2"
}

state_is()		# JOB STATE
{
	[ "$(status_of "$1" state)" = "$2" ]
}

code_of()		# PATH: the HTTP status of a POST
{
	curl -sS --max-time 5 --unix-socket "$PILOTFISH_SOCKET" -X POST -o /dev/null -w '%{http_code}' "http://x$1"
}

@test "a stop takes the service out of Consul, a start brings it back, with all hooks each time" {
	start_consul
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; interfaces = "static:127.0.0.1"; essential = true;
			   preStart = "echo pre-start"; preStop = "echo pre-stop"; postStop = "echo post-stop";
			   health = { exec = "true"; interval = "100ms"; }; } );
	EOF
	await_passing app 1
	for round in 1 2; do
		mark
		pid=$(status_of app pid)
		run -0 "$pilotfish" stop --wait app
		[ "$output" = "app has stopped" ]
		[ ! -e "/proc/$pid" ]
		[ "$(consul_get /v1/catalog/service/app)" = "[]" ]
		expect_log '"pre-stop"'
		expect_log '"post-stop"'
		[ "$("$pilotfish" status --json | jq -c '.jobs[0] | [.state, .stoppedByHand, .pid]')" = '["stopped",true,0]' ]
		run -0 "$pilotfish" stop app
		[ "$output" = "app has stopped already" ]
		run -0 "$pilotfish" healthcheck
		run -1 --separate-stderr "$pilotfish" healthcheck --job app
		[[ $stderr == "pilotfish: app has been stopped by hand" ]]
		mark
		run -0 "$pilotfish" start --wait app
		[ "$output" = "app runs and is healthy" ]
		expect_log '"pre-start"'
		await_passing app 1
		run -0 "$pilotfish" start app
		[ "$output" = "app runs already" ]
		[ "$("$pilotfish" status --json | jq -c '.jobs[0] | [.state, .stoppedByHand]')" = '["running",false]' ]
	done
	expect_log 'start of app, asked for by uid [0-9]+, pid [0-9]+'
	"$pilotfish" stop --wait app
	stop_pilotfish
	expect_code 0
}

@test "a stop ends nothing else: dependants wait on, essential and last jobs do not end pilotfish" {
	start_pilotfish <<-EOF
		jobs = ( { name = "db"; exec = "sleep 1000"; essential = true; health = { exec = "test -e $dir/healthy"; interval = "1s"; }; },
			 { name = "web"; exec = "sleep 1000"; needs = [ "db running" ]; },
			 { name = "waiter"; exec = "sleep 1000"; needs = [ "db healthy" ]; },
			 { name = "short"; exec = "sh -c 'read x </dev/null; sleep 0.2'"; when = { source = "web"; once = "running"; }; } );
	EOF
	expect_events "web running"
	"$pilotfish" stop --wait db
	state_is web running
	state_is waiter waiting
	"$pilotfish" stop --wait web
	"$pilotfish" stop --wait waiter
	expect_events "short stopped"
	refute_events "global shutdown"
	mark
	"$pilotfish" start db
	"$pilotfish" start --wait waiter		# does not wait for its needs
	expect_events "db running" "waiter running"
	state_is web stopped
	"$pilotfish" stop --wait db
	stop_pilotfish
	expect_code 0
}

@test "a start runs what waits or has ended, and is answered truly when the job cannot become healthy" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "keeper"; exec = "sleep 1000"; },
			 { name = "late"; exec = "sleep 1000"; when = { source = "keeper"; once = "exitSuccess"; }; },
			 { name = "done"; exec = "true"; },
			 { name = "bad"; exec = "sh -c 'exit 3'"; health = { exec = "false"; interval = "1s"; }; },
			 { name = "ill"; exec = "sleep 1000"; health = { exec = "false"; interval = "50ms"; }; },
			 { name = "sick"; exec = "sh -c 'exit 3'"; restarts = "unlimited"; backoff = { min = "1h"; max = "1h"; }; },
			 { name = "hook"; exec = "true"; when = { source = "keeper"; once = "stopped"; }; } );
	EOF
	expect_events "sick exitFailed"
	await state_is done stopped
	mark
	for job in late done; do
		run -0 "$pilotfish" start --wait "$job"
		[[ $output == "$job "@(runs|has run) ]]
	done
	run -1 --separate-stderr "$pilotfish" start --wait bad
	[ "$stderr" = "pilotfish: bad has failed with exit code 3" ]
	run -75 --separate-stderr "$pilotfish" start --wait --timeout 300ms ill
	[[ $stderr == "pilotfish: the start of ill goes on: "* ]]
	state_is ill running
	run -0 "$pilotfish" start sick
	expect_events "sick running" "sick exitFailed"
	run -69 --separate-stderr "$pilotfish" start hook
	[[ $stderr == *"hook waits for keeper stopped, and nothing else may start it"* ]]
	"$pilotfish" stop late &
	run "$pilotfish" start --wait ill --timeout 50ms
	wait $!
	refute_events "global shutdown"
}

@test "a stop that takes its time: a second one adds none, a start is refused, and a waiting start is told" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "deaf"; exec = "sh -c 'trap \"\" TERM; echo deaf; while :; do sleep 0.1; done'"; stopTimeout = "3s"; },
			 { name = "slow"; exec = "sleep 1000"; postStop = "sleep 1000"; },
			 { name = "ill"; exec = "sleep 1000"; health = { exec = "false"; interval = "1s"; }; } );
	EOF
	expect_log '"deaf"'
	before=$(now)
	"$pilotfish" stop deaf
	run -69 --separate-stderr "$pilotfish" start deaf
	[[ $stderr == "pilotfish: deaf cannot be started now: "@(terminating|killing) ]]
	"$pilotfish" stop deaf
	run -0 "$pilotfish" stop --wait deaf
	(($(now) - before < 4000 * slow))
	run -75 "$pilotfish" stop --wait --timeout 500ms slow
	run -69 --separate-stderr "$pilotfish" start slow
	[[ $stderr == *"slow cannot be started now: slow.postStop has not ended"* ]]
	"$pilotfish" start --wait ill >"$dir/out" 2>&1 &
	await grep -q "start of ill, asked for" "$dir/main.log"
	"$pilotfish" stop --wait ill
	wait $! && fail "a start was answered by success"
	[ "$(<"$dir/out")" = "pilotfish: ill has been stopped" ]
	stop_pilotfish
	expect_code 0 137
}

@test "a reload keeps a job stopped that has not changed, and runs one that has" {
	configure() { write_config <<<"jobs = ( { name = \"app\"; exec = \"sleep $1\"; }, { name = \"other\"; exec = \"sleep $2\"; } );"; }
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "other"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	"$pilotfish" stop --wait app
	mark
	configure 1000 1001
	"$pilotfish" reload
	expect_events "other running"
	state_is app stopped
	"$pilotfish" stop --wait other			# the last one that runs
	"$pilotfish" reload
	refute_events "app running" "global shutdown"
	mark
	configure 1001 1001
	"$pilotfish" reload
	expect_events "app running"
	state_is other stopped
	[ "$("$pilotfish" status --json | jq -c '[.jobs[] | .stoppedByHand]')" = "[false,true]" ] ||
		[ "$("$pilotfish" status --json | jq -c '[.jobs[] | .stoppedByHand]')" = "[true,false]" ]
}

@test "wrong words, unknown jobs and no running pilotfish have their own exit codes" {
	run -69 "$pilotfish" start app
	[[ $output == *"no pilotfish"* ]]
	run -64 "$pilotfish" stop app --socket "$dir/$(printf 'a%.0s' {1..120})"
	[[ $output == *"at most 107 bytes"* ]]
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running"
	for verb in start stop restart; do
		run -69 --separate-stderr "$pilotfish" "$verb" apq
		[ "$stderr" = "pilotfish: there is no job apq; did you mean 'app'? The jobs are: app" ]
		run -64 "$pilotfish" "$verb"
		run -64 "$pilotfish" "$verb" app app
		[ "$(code_of "/v4/jobs/apq/$verb")" = 404 ]
		[ "$(code_of "/v4/jobs/app/$verb?wait=soon")" = 400 ]
		[ "$(code_of "/v4/jobs/app/$verb?wait=-1s")" = 400 ]
	done
	refute_events "app stopped" "app exitFailed"
}

@test "four clients at once change jobs at random, with a hundred streams: each answer is true, nothing leaks" {
	start_pilotfish <<-'EOF'
		logging = { level = "warn"; };
		jobs = ( { name = "keeper"; exec = "sleep 1000"; }, { name = "shared"; exec = "sleep 1000"; },
			 { name = "own0"; exec = "sleep 1000"; }, { name = "own1"; exec = "sleep 1000"; },
			 { name = "own2"; exec = "sleep 1000"; }, { name = "own3"; exec = "sleep 1000"; } );
	EOF
	expect_events "own3 running"
	# A sanitizer keeps freed memory for a while.
	"$lib/helpers/change-jobs" "$PILOTFISH_SOCKET" "$pid" "${CHANGES:-100}" "${RELOADS:-20}" \
		"$([[ $sanitized ]] && echo 262144 || echo 4096)" >"$dir/figures"
	echo "# figure: $(<"$dir/figures")" >&3
	stop_pilotfish
	expect_code 0
}

@test "a job's service gets a tag and loses it, by a hook or a person, and passes all the time" {
	start_consul
	start_pilotfish <<-EOF
		consul = "$consul_address";
		jobs = (
		  { name = "db"; exec = "sleep 1000"; port = 80; tags = [ "v1" ]; interfaces = "static:127.0.0.1"; },
		  { name = "promote"; exec = [ "$pilotfish", "service", "tag", "db", "primary" ];
		    when = { source = "db"; once = "running"; }; } );
	EOF
	expect_events "promote exitSuccess"
	await_consul 1 "/v1/health/service/db?passing&tag=primary"
	consul_get "/v1/health/service/db?passing&tag=primary" | jq -e '.[0].Service.Tags == ["v1", "primary"]'
	run -0 "$pilotfish" service tag db primary
	run -0 "$pilotfish" service tag db v1
	run -0 "$pilotfish" service untag db primary
	await_consul 0 "/v1/health/service/db?tag=primary"
	consul_get "/v1/health/service/db?passing" | jq -e 'length == 1 and .[0].Service.Tags == ["v1"]'
	[[ $(grep -c '"msg":"service .* is registered' "$dir/main.log") -ge 3 ]]
	run ! grep -q 'is deregistered' "$dir/main.log"
	run -69 "$pilotfish" service tag promote x
	[[ $output == *"promote has no service in Consul" ]]
	run -69 "$pilotfish" service tag dbx primary
	[[ $output == *"did you mean 'db'?"* ]]
	run -64 "$pilotfish" service tag db "a b"
	[[ $output == *"a tag of 1 to 128 bytes without blanks" ]]
	run -64 "$pilotfish" service tga db x
	[[ $output == *"did you mean 'tag'"* ]]
}
