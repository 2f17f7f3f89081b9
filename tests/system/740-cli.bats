# The command line: its tables as usage, help, completion and schema.

load lib

setup()
{
	export PILOTFISH_SOCKET=$dir/control.sock PATH=$dir:$PATH
	ln -sf "$pilotfish" "$dir/pilotfish"
}

verbs()
{
	"$pilotfish" help | awk '/^  [a-z]+ / && !seen[$1]++ { print $1 }'
}

refused()		# MESSAGE ARGUMENT...
{
	run -64 --separate-stderr "$pilotfish" "${@:2}"
	[[ $stderr == *"$1"* ]] || fail "${*:2}: $stderr"
	[[ ! $output ]] || fail "${*:2} prints $output"
}

# The completions of the last word, by bash itself.
complete_bash()		# WORD...
{
	bash -c 'source <(pilotfish completion bash)
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_pilotfish
		echo "${COMPREPLY[*]}"' bash "$@"
}

start_two_jobs()
{
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "web"; exec = "sleep 1000"; } );
	EOF
	expect_events "app running" "web running"
}

@test "each verb explains itself: arguments, options, an example that is accepted, exit codes" {
	local verb words

	[ "$(verbs | wc -l)" -gt 15 ]
	for verb in $(verbs); do
		run -0 --separate-stderr "$pilotfish" "$verb" --help
		[[ ! $stderr && ${lines[0]} == "usage: pilotfish $verb"* ]] || fail "$verb: $output"
		[[ $output == *$'\nOptions:\n'*$'\nExample:\n  pilotfish '"$verb"*$'\nExit codes:\n  0 '*$'\n  64 '* ]] || fail "$verb: $output"
		[ "$output" = "$("$pilotfish" help "$verb")" ]
		words=$(sed -n '/^Example:/{n;s/^  pilotfish //;s/ |.*//;p;q}' <<<"$output")
		# shellcheck disable=SC2086 # words
		run "$pilotfish" $words --help
		[ "$status" = 0 ] || fail "$words: $output"
	done
	run -0 "$pilotfish" leader -h
	[[ $output == *$'\n  step-down [ELECTION]\n'* ]]
	[ "$("$pilotfish" --help)" = "$("$pilotfish" help)" ]
	[ "$("$pilotfish" status -V)" = "$("$pilotfish" version)" ]
}

@test "wrong arguments: what is wrong, and the nearest right one" {
	refused "unknown verb \"statsu\"; did you mean 'status'?" statsu
	refused "unknown verb \"statsu\"; did you mean 'status'?" help statsu
	refused "--jsn: there is no such option; did you mean '--json'?" status --jsn
	refused "--bild=1: there is no such option; did you mean '--build'?" check --bild=1
	refused "--qqqqqqqq: there is no such option; try" status --qqqqqqqq
	refused "--json takes no value" status --json=yes
	refused "status does not take --build" status --build
	refused "render: these options need --template" render --once
	refused "--timeout: its value is missing" status --timeout
	refused "maintenance: one of on, off" maintenance
	refused "found \"onn\"; did you mean 'on'?" maintenance onn
	refused "leader: one of status, step-down, pause, resume, accept-epoch is expected, found \"stauts\"; did you mean 'status'?" \
		leader stauts
	refused "signal: SIGNAL is missing, as in \`pilotfish signal HUP app\`" signal
	refused "signal: JOB is missing" signal HUP
	refused "unexpected argument \"more\"" signal HUP app more
	refused "unexpected argument \"more\"" leader status e more
	refused "unexpected argument" reload now
}

@test "bash completes verbs, options, values, files, signals, and the jobs that run" {
	start_two_jobs
	[[ $(complete_bash pilotfish st) == *status* ]]
	[[ $(complete_bash pilotfish '') == "$(verbs | tr '\n' ' ')"* || $(complete_bash pilotfish '') == "$(verbs | paste -sd ' ')" ]]
	[ "$(complete_bash pilotfish status --js)" = --json ]
	[ "$(complete_bash pilotfish maintenance o)" = "on off" ]
	[[ $(complete_bash pilotfish completion '') == "bash zsh fish" ]]
	[ "$(complete_bash pilotfish leader step)" = step-down ]
	[ "$(complete_bash pilotfish restart '')" = "app web" ]
	[ "$(complete_bash pilotfish signal SIGUSR1 w)" = web ]
	[ "$(complete_bash pilotfish signal --timeout 5s SIGUSR1 w)" = web ]
	[ "$(complete_bash pilotfish signal SIGUSR)" = "SIGUSR1 SIGUSR2" ]
	[ "$(complete_bash pilotfish healthcheck --job a)" = app ]
	[ "$(complete_bash pilotfish healthcheck --job = a)" = app ]
	[ "$(complete_bash pilotfish check --config "$dir/main.c")" = "$dir/main.conf" ]
	[ "$(complete_bash pilotfish -c "$dir/main.c")" = "$dir/main.conf" ]
	[ "$(complete_bash pilotfish render -t a : "$dir/main.c")" = "$dir/main.conf" ]
	[ "$(complete_bash pilotfish help expa)" = expand ]
	[[ "$(complete_bash pilotfish -- mktem)" == mktemp* ]]
}

@test "a job's name that looks like a command is only text for the completion" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "$(touch${IFS}broken)"; exec = "sleep 1000"; } );
	EOF
	await "$pilotfish" status
	cd "$dir"
	[ "$(complete_bash pilotfish restart '')" = '$(touch${IFS}broken)' ]
	[ ! -e "$dir/broken" ]
}

@test "fish completes, too" {
	start_two_jobs
	fish_completes()	# LINE WORD...
	{
		[ "$(HOME=$dir fish -c 'pilotfish completion fish | source; complete -C $argv[1]' "$1" |
			cut -f 1 | sort | paste -sd ' ')" = "${*:2}" ]
	}
	fish_completes "pilotfish stat" status
	fish_completes "pilotfish maintenance " off on
	fish_completes "pilotfish status --js" --json
	fish_completes "pilotfish restart " app web
	fish_completes "pilotfish signal USR" USR1 USR2
	fish_completes "pilotfish signal USR1 a" app
	fish_completes "pilotfish healthcheck --job w" web
	fish_completes "pilotfish check -c $dir/main.c" "$dir/main.conf"
}

@test "zsh completes, too" {
	start_two_jobs
	"$pilotfish" completion zsh >"$dir/_pilotfish"
	cat >"$dir/try" <<-'EOF'
		zmodload zsh/zpty
		zpty shell zsh -f -i
		zpty -w shell "fpath=($1 \$fpath); autoload -U compinit; compinit -u -D"
		zpty -w shell "PS1='> '"
		zpty -w shell "print re''ady"
		zpty -r shell text '*ready*'
		zpty -w -n shell "$2"$'\t\x01print -r -- "<\x05>"\n'
		zpty -w shell "print do''ne"
		zpty -r shell text '*done*'
		print -r -- $text
	EOF
	zsh_completes()		# LINE RESULT
	{
		[[ $(cd "$dir" && timeout 30 zsh -f "$dir/try" "$dir" "$1" | tr -d '\r') == *$'\n'"<$2>"* ]]
	}
	zsh_completes "pilotfish stat" "pilotfish status"
	zsh_completes "pilotfish status --js" "pilotfish status --json"
	zsh_completes "pilotfish maintenance of" "pilotfish maintenance off"
	zsh_completes "pilotfish restart w" "pilotfish restart web"
}

@test "the schema accepts what expand prints of each valid configuration, and nothing that is wrong" {
	local input number=0

	"$pilotfish" schema >"$dir/schema"
	cd "$root"
	for input in tests/cases/config/*/expanded; do
		cp "$input" "$dir/doc$((number++)).json"
	done
	for input in examples/simple/*.conf examples/*/*/pilotfish.conf; do
		"$pilotfish" expand "$input" >"$dir/doc$number.json" 2>/dev/null || continue
		number=$((number + 1))
	done
	rm -f "$dir/doc$number.json"
	((number > 15))
	"$lib/helpers/check-schema.py" "$dir/schema" "$dir"/doc*.json
	jq -e '.properties.jobs.items.properties.health.properties.interval.description | length > 10' "$dir/schema"
	# Not as null alone: some types and limits.
	refuses()
	{
		echo "$1" >"$dir/wrong.json"
		! "$lib/helpers/check-schema.py" "$dir/schema" "$dir/wrong.json" >/dev/null || fail "accepted: $1"
	}
	refuses '{ "stopTimeout": "soon" }'
	refuses '{ "stopTimeout": "5" , "jobs": [ { "exec": "true" } ] }'
	refuses '{ "jobs": [ { "name": "a", "exec": "true", "port": 70000 } ] }'
	refuses '{ "jobs": [ { "name": "a", "exec": [ { } ] } ] }'
	refuses '{ "jobs": [ { "name": "a", "exec": "true", "preStart": { "exe": "true" } } ] }'
	refuses '{ "logging": { "level": "loud" } }'
	refuses '{ "consul": 5 }'
}

@test "version --json names version, commit, compiler, libraries" {
	run -0 "$pilotfish" version --json
	jq -e '(.version | test("^[0-9]+[.][0-9]+[.][0-9]+$")) and (.static | type) == "boolean" and (.compiler | length > 3)
		and ([.libraries[]] | length == 5 and all(test("[0-9][.][0-9]")))' <<<"$output"
	[ "$(jq -r .architecture <<<"$output")" = "$(uname -m)" ]
	[ "pilotfish $(jq -r '.version + (if .commit then " (\(.commit))" else "" end)' <<<"$output")" = "$("$pilotfish" version)" ]
}

@test "status of chosen jobs: their health is the exit code" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; },
			 { name = "ill"; exec = "sleep 1000"; health = { exec = "false"; interval = "100ms"; }; } );
	EOF
	expect_events "app running" "ill unhealthy"
	run -0 "$pilotfish" status app
	[[ $output == *$'\napp '* && $output != *$'\nill '* && $output != *"not healthy"* ]]
	run -1 "$pilotfish" status app ill
	[[ $output == *"not healthy: ill is critical"*$'\napp '*$'\nill '* ]]
	[ "$("$pilotfish" status --json app | jq -c '[.healthy, [.jobs[].name], has("watches")]')" = '[true,["app"],false]' ]
	run -69 --separate-stderr "$pilotfish" status ap
	[[ $stderr == *"there is no job ap; did you mean 'app'?"* ]]
}

# The output as a terminal gets it.
on_terminal()		# COMMAND
{
	script -qec "$1" /dev/null </dev/null
}

@test "colours only on a terminal, without NO_COLOR, not on a dumb one; or as --color says" {
	local green=$'\e[32m'

	unset NO_COLOR
	export TERM=xterm
	start_two_jobs
	[[ $("$pilotfish" status) != *$'\e'* ]]
	[[ $(on_terminal "pilotfish status") == *"app  ${green}running"* ]]
	[[ $(NO_COLOR=1 on_terminal "pilotfish status") != *$'\e'* ]]
	[[ $(NO_COLOR='' on_terminal "pilotfish status") == *"$green"* ]]
	[[ $(TERM=dumb on_terminal "pilotfish status") != *$'\e'* ]]
	[[ $(on_terminal "pilotfish status --color=never") != *$'\e'* ]]
	[[ $(NO_COLOR=1 "$pilotfish" status --color always) == *"$green"* ]]
	rows()		# without the uptime, which differs from call to call
	{
		grep '^app\|^web' | sed -E 's/ [0-9.]+m?s +/ uptime /'
	}
	[ "$("$pilotfish" status --color=always | sed 's/\x1b\[[0-9]*m//g' | rows)" = "$("$pilotfish" status | rows)" ]
	refused '--color: one of auto|always|never is expected, found "alway"; did you mean' status --color=alway
}

@test "status --watch shows changes, in place on a terminal, until pilotfish ends" {
	start_two_jobs
	"$pilotfish" status --watch=50ms >"$dir/seen" 2>"$dir/errors" &
	await grep -q '^app ' "$dir/seen"
	run -0 "$pilotfish" maintenance on
	await grep -q 'in maintenance' "$dir/seen"
	[[ $(<"$dir/seen") != *$'\e'* ]]
	on_terminal "pilotfish status --watch=50ms" >"$dir/screen" &
	await grep -q $'\e\[H\e\[2J.*running for' "$dir/screen"
	stop_pilotfish
	wait %1 || [ $? = 69 ]
	grep -q "no pilotfish answers" "$dir/errors"
}

@test "events --filter: by source, job and event" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; health = { exec = "true"; interval = "300ms"; }; },
			 { name = "web"; exec = "sleep 1000"; } );
	EOF
	expect_events "web running" "app healthy"
	"$pilotfish" events --filter job=app --filter event=running --filter event=healthy --follow --json >"$dir/app" &
	"$pilotfish" events >"$dir/all" &
	"$pilotfish" events --filter source=global >"$dir/global" &
	await has_streams
	run -0 "$pilotfish" restart web
	run -0 "$pilotfish" restart app
	run -0 "$pilotfish" maintenance on
	await grep -q enterMaintenance "$dir/global"
	await grep -q '"healthy"' "$dir/app"
	[ "$(jq -r .source "$dir/global" | sort -u)" = global ]
	[ "$(jq -r .event "$dir/app" | sort -u | paste -sd ' ')" = "healthy running" ]
	[ "$(jq -r '.source | sub("[.]health"; "")' "$dir/app" | sort -u)" = app ]
	grep -q '"web"' "$dir/all"
	refused "a filter is source=..., job=... or event=..., found \"even=healthy\"; did you mean 'event'?" \
		events --filter even=healthy
}

has_streams()		# all three, each of which sees that maintenance ends
{
	"$pilotfish" maintenance on >/dev/null
	"$pilotfish" maintenance off >/dev/null
	[[ -s $dir/all && -s $dir/global ]]
}
