# reload --dry-run: what a reload would do, told without doing it; and the reload then does just that.

load lib

setup()
{
	export PILOTFISH_SOCKET=$dir/control.sock
}

plan()
{
	"$pilotfish" reload --dry-run | sed -E 's/ +/ /g'
}

pids()		# of the jobs that run, by name, without those of checks
{
	"$pilotfish" status --json | jq -c '[.jobs[] | select(.running and (.name | contains(".") | not)) | { (.name): .pid }] | add'
}

all_is_up()
{
	"$pilotfish" status --json | jq -e '([.jobs[] | select(.running and (.name | IN("app", "gone", "other", "same")))] | length) == 4
		and (.jobs[0].health.known) and ([.templates[].rendered] | all) and ([.elections[].leads] | all)'
}

old()
{
	cat <<-EOC
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; interfaces = "static:127.0.0.1";
			   health = { exec = "true"; interval = "1s"; }; },
			 { name = "gone"; exec = "sleep 1000"; preStop = "true"; },
			 { name = "other"; exec = "sleep 1000"; preStart = "true"; },
			 { name = "same"; exec = "sleep 1000"; } );
		watches = ( { name = "db"; }, { name = "cache"; }, { name = "queue"; } );
		templates = ( { name = "a"; source = "$dir/a.tmpl"; destination = "$dir/a"; },
			      { name = "b"; source = "$dir/b.tmpl"; destination = "$dir/b"; } );
		elections = ( { name = "leader"; job = "app"; }, { name = "away"; job = "gone"; } );
	EOC
}

new()
{
	cat <<-EOC
		consul = "$consul_address";
		jobs = ( { name = "app"; exec = "sleep 1000"; port = 80; interfaces = "static:127.0.0.1";
			   health = { exec = "true"; interval = "2s"; }; },
			 { name = "fresh"; exec = "sleep 1000"; },
			 { name = "other"; exec = "sleep 2000"; preStart = "true"; },
			 { name = "same"; exec = "sleep 1000"; } );
		watches = ( { name = "db"; }, { name = "queue"; tag = "x"; } );
		templates = ( { name = "a"; source = "$dir/a.tmpl"; destination = "$dir/a"; },
			      { name = "b"; source = "$dir/b.tmpl"; destination = "$dir/b"; } );
		elections = ( { name = "leader"; job = "app"; } );
	EOC
}

@test "each job, watch, template and election with what would happen, and then happens" {
	start_consul
	touch "$dir/a.tmpl" "$dir/b.tmpl"
	old | start_pilotfish
	await all_is_up
	before=$(pids)
	[[ $(plan | cut -d ' ' -f 1 | sort -u) == stay ]]
	new | write_config -n main
	echo changed >"$dir/b.tmpl"
	plan >"$dir/plan"
	diff - <(sort "$dir/plan") <<-EOC
		change job app: health
		restart job other.preStart
		restart job other: exec
		restart template b
		restart watch queue
		start job fresh
		stay election leader
		stay job same
		stay template a
		stay watch db
		stop election away
		stop job gone
		stop job gone.preStop
		stop watch cache
	EOC
	[[ $(pids) == "$before" ]]
	run -0 "$pilotfish" reload --dry-run --json
	[[ $(jq -c '.[] | select(.name == "app")' <<<"$output") == \
		'{"kind":"job","name":"app","action":"change","keys":["health"]}' ]]
	"$pilotfish" reload
	[[ $(plan | cut -d ' ' -f 1 | sort -u) == stay ]]
	for name in app same; do
		[[ $(pids | jq ".$name") == "$(jq ".$name" <<<"$before")" ]]
	done
	[[ $(pids | jq .other) != "$(jq .other <<<"$before")" && $(pids | jq .gone) == null ]]
}

@test "a broken file is told on the client's terminal, and nothing changes" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	expect_events "app running"
	echo 'jobs = ( { name = "app"; exce = "sleep 1000"; } );' | write_config -n main
	run -65 --separate-stderr "$pilotfish" reload --dry-run
	[[ $stderr == *'main.conf:1:'*"did you mean 'exec'?"* ]]
	[[ $("$pilotfish" status --json | jq .reloads.refused) == 0 ]]
	expect_running=$(pids)
	echo 'jobs = ( { name = "app"; exec = "sleep 2000"; } );' | write_config -n main
	for _ in {1..50}; do
		"$pilotfish" reload --dry-run >>"$dir/plans" 2>&1 &
	done
	wait $(jobs -p | grep -v "^$pid$")
	[[ $(sort -u "$dir/plans" | grep -vc 'pilotfish is loading') == 1 ]]
	[[ $(pids) == "$expect_running" ]]
}
