# `pilotfish env`: the environment of programs that start later.

load jobs

setup()
{
	export PILOTFISH_SOCKET=$dir/s INHERITED=yes A_URL=http://me:mine@host/ API_TOKEN=hidden
}

ask()			# METHOD BODY: the answer and the status
{
	curl -sS --max-time 5 --unix-socket "$PILOTFISH_SOCKET" -X "$1" http://x/v4/env --data-binary "$2" -w '%{http_code}'
}

variable()		# NAME: as a member of the list, in one line
{
	"$pilotfish" env list --json "${@:2}" | jq -c --arg name "$1" '.variables[] | select(.name == $name)'
}

@test "programs that start later get the change; those that run, and a job's own variables, do not change" {
	script show <<-'EOF'
		echo "${V1-unset} ${V2-unset} ${OWN-unset} ${INHERITED-unset}"
	EOF
	script check <<-'EOF'
		echo "V1 is ${V1-unset}" >"$dir/seen"
	EOF
	start_pilotfish <<-EOF
		jobs = ( { name = "show"; exec = "$dir/show"; env = { OWN = "mine"; }; when = { source = "SIGUSR1"; each = "signalled"; }; },
			 { name = "long"; exec = "sleep 1000"; health = { exec = "$dir/check"; interval = "1s"; }; } );
	EOF
	expect_events "long running"
	signal_pilotfish USR1
	expect_events "show exitSuccess"
	run -0 "$pilotfish" env set V1=1 V2=x=y=z OWN=theirs
	[[ $output == 'environment: set V1, set V2, set OWN' ]]
	run -0 "$pilotfish" env unset INHERITED NEVER_SET
	mark
	signal_pilotfish USR1
	expect_events "show exitSuccess"
	run -0 "$pilotfish" env set V1= $'V2=two\nlines'
	run -0 "$pilotfish" env unset OWN
	mark
	signal_pilotfish USR1
	expect_events "show exitSuccess"
	[[ $(said show) == $'unset unset mine yes\n1 x=y=z mine unset\n two\nlines mine unset' ]]
	await has_line "$dir/seen" 'V1 is '
	! tr '\0' '\n' <"/proc/$(job_pid long)/environ" | grep -q '^V1='
	"$pilotfish" env set INHERITED=again
	[[ $(variable INHERITED) == '{"name":"INHERITED","value":"again","changed":true}' ]]
}

@test "the list hides what may be a secret unless it is asked for; the log gets names alone" {
	start_pilotfish <<<'jobs = ( { name = "long"; exec = "sleep 1000"; } );'
	"$pilotfish" env set DB_PASSWORD=hunter2 $'LINES=a\nb\e[31m' 'A_DSN=db://u:hunter2@h/x'
	"$pilotfish" env list >"$dir/list"
	has_line "$dir/list" 'DB_PASSWORD=(secret)'
	has_line "$dir/list" 'API_TOKEN=(secret)'
	has_line "$dir/list" 'A_URL=http://(secret)@host/'
	has_line "$dir/list" 'A_DSN=db://(secret)@h/x'
	has_line "$dir/list" 'LINES=a\nb\x1b[31m'
	has_line "$dir/list" 'INHERITED=yes'
	has_line "$dir/list" "PILOTFISH_SOCKET=$PILOTFISH_SOCKET"
	[[ $(variable DB_PASSWORD) == '{"name":"DB_PASSWORD","value":null,"changed":true}' ]]
	[[ $(variable API_TOKEN --show-secrets) == '{"name":"API_TOKEN","value":"hidden","changed":false}' ]]
	"$pilotfish" env list --show-secrets >"$dir/list"
	has_line "$dir/list" 'DB_PASSWORD=hunter2'
	has_line "$dir/list" 'A_URL=http://me:mine@host/'
	expect_log "environment: set DB_PASSWORD, set LINES, set A_DSN, asked for by uid $(id -u), pid [0-9]+"
	refute_log hunter2
}

@test "a wrong change is refused, and nothing of it is done" {
	start_pilotfish <<<'jobs = ( { name = "long"; exec = "sleep 1000"; } );'
	"$pilotfish" env list >"$dir/before"
	refused()	# MESSAGE ARGUMENTS...
	{
		run -64 "$pilotfish" env "${@:2}"
		[[ $output == *"$1"* ]] || fail "$output"
	}
	refused 'NAME=VALUE in UTF-8, once each, is expected, found "=x"' set =x
	refused 'found "X"' set A=1 X
	refused 'found "A=2"' set A=1 A=2
	refused 'is expected, found' set $'A=\xff'
	refused 'the name of a variable, once each, is expected, found "A=1"' unset A=1
	refused 'NAME=VALUE is missing' set
	refused 'NAME is missing' unset
	refused 'unexpected argument "x"' list x
	refused "one of set, unset, list is expected, found \"lst\"; did you mean 'list'?" lst
	refused 'one of set, unset, list is missing'
	refused 'the variable PILOTFISH_JOB: variables with PILOTFISH_ are pilotfish'"'"'s own' set A=1 PILOTFISH_JOB=x
	refused 'its name has a control character' set $'A\nB=x'
	refused 'its name has more than 256 bytes' set "$(printf %0257d 0)=x"
	for body in '' '{' '[]' '{}' '"A=1"' '{"A=B":"1"}' '{"":"1"}' '{"A":1}' '{"A":["1"]}' '{"A":"1","A":"2"}' \
		    '{"A":"x\u0000y"}' '{"A\u0000":"x"}' '{"A":"1","B\u0007":"2"}' '{"A":"1","PILOTFISH_CONFIG":null}'; do
		[[ $(ask POST "$body") == *400 ]] || fail "$body"
	done
	run -69 "$pilotfish" env set A=1 $(seq -f 'V%g=x' 256)
	[[ $output == *'at most 256 variables and 131072 bytes of them can be changed' ]]
	for name in V1 V2; do
		jq -nc --arg name $name '{ ($name): ("x" * 64000) }' >"$dir/large"
		[[ $(ask POST @"$dir/large") == *200 ]]
	done
	run -69 "$pilotfish" env set V3="$(printf %04000d 0)"
	run -0 "$pilotfish" env set V1=small
	"$pilotfish" env unset V1 V2
	"$pilotfish" env list >"$dir/after"
	cmp "$dir/before" "$dir/after"
	[[ $(ask DELETE '') == *405 ]]
}

@test "a change stays over a reload, which reads it, and so do templates and settings" {
	echo '{{ env "COLOUR" }}' >"$dir/t.ctmpl"
	start_pilotfish <<-EOF
		consul = "127.0.0.1:9";
		jobs = ( { name = "app"; exec = "sleep {{ .LENGTH | default "1000" }}"; } );
		templates = ( { name = "t"; source = "$dir/t.ctmpl"; destination = "$dir/t"; } );
	EOF
	await test -e "$dir/t"
	[[ $(cat "$dir/t") == '' ]]
	before=$(job_pid app)
	"$pilotfish" env set COLOUR=red OTHER=1
	"$pilotfish" reload
	[[ $(job_pid app) == "$before" ]]
	echo '{{ env "COLOUR" }}!' >"$dir/t.ctmpl"
	"$pilotfish" reload
	await has_line "$dir/t" 'red!'
	"$pilotfish" env set LENGTH=2000
	mark
	"$pilotfish" reload
	expect_events "app running"
	[[ $(tr '\0' ' ' <"/proc/$(job_pid app)/cmdline") == 'sleep 2000 ' ]]
	[[ $(variable COLOUR) == '{"name":"COLOUR","value":"red","changed":true}' ]]
	"$pilotfish" env set CONSUL_HTTP_TOKEN=a CONSUL_HTTP_TOKEN_FILE=/b
	run -65 "$pilotfish" reload
	[[ $output == *'both CONSUL_HTTP_TOKEN and CONSUL_HTTP_TOKEN_FILE are set'* ]]
	"$pilotfish" env unset CONSUL_HTTP_TOKEN CONSUL_HTTP_TOKEN_FILE
	"$pilotfish" reload
}

@test "variables change while large templates are rendered" {
	printf '%s' '{{ range loop 200000 }}{{ end }}{{ env "COLOUR" }}{{ range loop 200000 }}{{ end }}{{ env "COLOUR" }}' >"$dir/t.ctmpl"
	start_pilotfish <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		templates = ( { name = "t"; source = "$dir/t.ctmpl"; destination = "$dir/t"; } );
	EOF
	for n in {1..30}; do
		"$pilotfish" env set COLOUR=$n LONG="$(printf %02000d "$n")"
		"$pilotfish" env unset LONG
	done
	LIMIT=30 await test -e "$dir/t"
	"$pilotfish" env set COLOUR=last
	echo >>"$dir/t.ctmpl"
	"$pilotfish" reload
	LIMIT=30 await has_line "$dir/t" lastlast
}

@test "programs find the socket of their pilotfish, wherever a reload moves it" {
	script where <<-'EOF'
		echo "${PILOTFISH_SOCKET-none}"
	EOF
	unset PILOTFISH_SOCKET
	config()	# CONTROL
	{
		cat <<-EOF
			$1
			jobs = ( { name = "where"; exec = "$dir/where"; when = { source = "SIGUSR1"; each = "signalled"; }; },
				 { name = "app"; exec = "sleep 1000"; } );
		EOF
	}
	config "control = { socket = \"$dir/a\"; };" | start_pilotfish
	signal_pilotfish USR1
	expect_events "where exitSuccess"
	config "control = { socket = \"$dir/b\"; };" | write_config
	"$pilotfish" reload --socket "$dir/a" || true		# the connection ends with its socket
	expect_events "global reloaded"
	mark
	signal_pilotfish USR1
	expect_events "where exitSuccess"
	config 'control = { socket = "off"; };' | write_config
	"$pilotfish" reload --socket "$dir/b" || true
	expect_events "global reloaded"
	mark
	signal_pilotfish USR1
	expect_events "where exitSuccess"
	[[ $(said where) == "$dir/a"$'\n'"$dir/b"$'\nnone' ]]
}
