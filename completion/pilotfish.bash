# bash completion for pilotfish: its verbs, as `pilotfish help` has them, options and files.
_pilotfish()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verbs i

	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			((COMP_CWORD == i + 1)) && mapfile -t COMPREPLY < <(compgen -c -- "$word")
			return
		fi
	done
	case $before in
	-c | --config)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	-p)
		mapfile -t COMPREPLY < <(compgen -A signal -- "$word")
		return
		;;
	options)
		mapfile -t COMPREPLY < <(compgen -W --mdoc -- "$word")
		return
		;;
	esac
	verbs=$("${COMP_WORDS[0]}" help 2>/dev/null | awk '/^  [a-z]+ / { print $1 }')
	((COMP_CWORD == 1)) || verbs=
	mapfile -t COMPREPLY < <(compgen -W "$verbs --config --help --version --" -- "$word")
}

complete -o filenames -F _pilotfish pilotfish
