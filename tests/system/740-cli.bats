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
