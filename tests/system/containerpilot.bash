# containerpilot.bash - for the tests that run a file of ContainerPilot, by a link with its name.
#
#   version3 [MEMBERS]      writes $file: Consul's address, the socket $dir/s, and these
#   version2 [MEMBERS]      the same without the socket, which version 2 did not have; strict JSON
#   start_it [-1] [-l] [COMMAND...]      runs it; logs are as start_pilotfish says
#   tell OPTION...          the client, with this file; its output is in $output
#   ask PATH                POST to the control socket
#   app [SECONDS]           writes $dir/app, which says "ready", and on SIGTERM "signalled" and ends SECONDS later

load jobs

setup()
{
	unset PILOTFISH_SOCKET CONTAINERPILOT
	ln -s "$(realpath "$pilotfish")" "$dir/containerpilot"
	pilotfish=$dir/containerpilot file=$dir/c.json
}

version3()
{
	echo "{ consul: '$consul_address', control: { socket: '$dir/s' }, ${1-} }" >"$file"
}

version2()
{
	echo "{ \"consul\": \"$consul_address\"${1:+, $1} }" >"$file"
}

start_it()
{
	local options=()

	while [[ ${1-} == -[1l] ]]; do
		options+=("$1")
		shift
	done
	start_pilotfish "${options[@]}" -config "$file" "$@"
}

tell()
{
	run -0 "$pilotfish" -config "$file" "$@"
}

ask()
{
	curl -sS --max-time 5 --fail --unix-socket "$dir/s" -X POST "http://x$1"
}

app()
{
	script app <<-EOF
		trap 'echo signalled; read -rt ${1-0.01} <> <(:); exit 0' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
}
