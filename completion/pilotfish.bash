# bash completion for pilotfish: options, files, and the verbs that `pilotfish help` lists.
_pilotfish()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verbs options i

	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			((COMP_CWORD == i + 1)) && mapfile -t COMPREPLY < <(compgen -c -- "$word")
			return
		fi
	done
	# bash splits IN:OUT:COMMAND of a template at the colons, which become words.
	if [[ $word == : ]]; then
		before=: word=
	fi
	case $before in
	-c | --config | --socket | -t | --template | :)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	-p)
		mapfile -t COMPREPLY < <(compgen -A signal -- "$word")
		return
		;;
	--consul-addr | --to | --timeout | --job)
		return
		;;
	esac
	case ${COMP_WORDS[1]} in
	render) options='--config --template --once --dry --consul-addr' ;;
	options) options=--mdoc ;;
	leader)
		options='--config --to --timeout --json'
		((COMP_CWORD > 2)) || options='status step-down pause resume accept-epoch'
		;;
	status) options='--socket --timeout --json' ;;
	healthcheck) options='--socket --timeout --job' ;;
	events) options=--socket ;;
	reload) options='--socket --timeout' ;;
	maintenance) options='on off --socket --timeout' ;;
	signal) options='--socket --timeout' ;;
	*) options='--config --help --version --' ;;
	esac
	verbs=$("${COMP_WORDS[0]}" help 2>/dev/null | awk '/^  [a-z]+ / && !seen[$1]++ { print $1 }')
	((COMP_CWORD == 1)) || verbs=
	mapfile -t COMPREPLY < <(compgen -W "$verbs $options" -- "$word")
}

complete -o filenames -F _pilotfish pilotfish
