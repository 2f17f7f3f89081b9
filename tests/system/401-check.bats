# `check` says what `run` would do, and warns of what works, but hardly as meant.

load jobs

@test "check says how long a drain really is, and a stop takes just that" {
	start_pilotfish <<-'EOT'
		stopTimeout = "2500ms";
		jobs = ( { name = "app"; exec = "sleep 1000"; drain = "2s"; } );
	EOT
	expect_log 'jobs\[app\].drain: 2s is cut to 1s by the top level.s stopTimeout, 2.5s; stopTimeout = .{1,2}5s.{1,2} would do, and Docker then needs stop_grace_period 6s'
	expect_events "app running"
	stop_pilotfish
	expect_code 0
	drained=$(between "app draining" "app stopping")
	((drained >= 950 && drained < 1500)) || fail "the drain took $drained ms"

	run -0 --separate-stderr "$pilotfish" check -c "$dir/main.conf"
	[[ ${lines[1]} == "stop of app: drain up to 1s of 2s, SIGTERM up to 1s, SIGKILL" ]]
	[[ $stderr == "pilotfish: warning: $dir/main.conf:2:47: jobs[app].drain: 2s is cut to 1s by "* ]]
}

@test "a stopTimeout longer than docker stop waits: check names the stop_grace_period" {
	echo 'stopTimeout = "15s"; jobs = ( { name = "app"; exec = "true"; } );' >"$dir/pilotfish.conf"
	run -0 "$pilotfish" check -c "$dir/pilotfish.conf"
	[[ ${#lines[@]} == 2 ]]
	[[ ${lines[1]} == "all within 15s: Docker needs stop_grace_period 16s (its default is 10s)" ]]
}

warns()			# CONFIGURATION MESSAGE...: check is content, but says these in this order
{
	local message

	echo "$1" >"$dir/pilotfish.conf"
	run -0 --separate-stderr "$pilotfish" check -c "$dir/pilotfish.conf"
	for message in "${@:2}"; do
		[[ $stderr == *"warning: $dir/pilotfish.conf:"*": $message"* ]] || fail "no '$message' in: $stderr"
	done
	((${#stderr_lines[@]} == $# - 1)) || fail "other warnings: $stderr"
}

@test "a service name that Consul takes, but its DNS does not" {
	warns 'consul = "c"; jobs = ( { name = "my_app.v2"; exec = "a"; port = 80; } );' \
		"jobs[my_app.v2]: Consul's DNS will not find the service \"my_app.v2\""
	warns 'consul = "c"; jobs = ( { name = "my-app"; exec = "a"; port = 80; } );'
}

@test "what only a shell understands" {
	warns 'jobs = ( { name = "a"; exec = "cat /etc/passwd | wc -l"; } );' 'jobs[a].exec: "|" is passed to cat as it is'
	warns 'jobs = ( { name = "a"; exec = "init && run"; } );' 'jobs[a].exec: "&&" is passed to init as it is'
	warns 'jobs = ( { name = "a"; exec = "server --port $PORT"; } );' 'jobs[a].exec: "$PORT" is passed to server as it is'
	warns 'jobs = ( { name = "a"; exec = [ "server", "${HOME}/x", ">", "log" ]; } );' 'jobs[a].exec: "${HOME}/x" is passed'
	warns 'jobs = ( { name = "a"; exec = "a"; health = { exec = "curl localhost || exit 1"; interval = "1s"; }; } );' \
		'jobs[a].health.exec: "||" is passed to curl as it is'
	warns "jobs = ( { name = \"a\"; exec = [ \"/bin/sh\", \"-c\", \"a | b > \$C\" ]; },
		{ name = \"b\"; exec = [ \"awk\", \"{ print \$NF }\" ]; }, { name = \"c\"; exec = [ \"nginx\", \"-g\", \"daemon off;\" ]; },
		{ name = \"d\"; exec = [ \"grep\", \"^x\$\", \"cost: \$5\" ]; } );"
}

@test "a wrapper of Consul's agent that no job needs" {
	warns 'consul = "127.0.0.1"; jobs = ( { name = "agent"; exec = "/start-consul"; }, { name = "a"; exec = "a"; } );' \
		'jobs[agent]: if it is Consul'"'"'s agent, it stops before the others have deregistered: give them needs = [ "agent running" ]'
	warns 'consul = "127.0.0.1"; jobs = ( { name = "agent"; exec = "/start-consul"; },
		{ name = "a"; exec = "a"; needs = [ "agent running" ]; } );'
	warns 'consul = "127.0.0.1"; jobs = ( { name = "agent"; exec = "/bin/consul agent"; }, { name = "a"; exec = "a"; } );'
	warns 'consul = "127.0.0.1"; jobs = ( { name = "a"; exec = "a"; } );'
}

@test "check FILE" {
	echo 'jobs = ( { name = "app"; exec = "true"; } );' >"$dir/pilotfish.conf"
	run -0 "$pilotfish" check "$dir/pilotfish.conf"
	run -0 "$pilotfish" expand "$dir/pilotfish.conf"
	run -0 "$pilotfish" run "$dir/pilotfish.conf"
	run -64 "$pilotfish" check -c "$dir/pilotfish.conf" "$dir/pilotfish.conf"
	[[ $output == *"unexpected argument"* ]]
}

# build_check CODE MESSAGE... <CONFIG: check --build ends with CODE and says these.
build_check()
{
	local wanted=$1 message

	cat >"$dir/pilotfish.conf"
	run "-$wanted" env -u PORT -u TOKEN "$pilotfish" check --build "$dir/pilotfish.conf"
	for message in "${@:2}"; do
		[[ $output == *"$message"* ]] || fail "no '$message' in: $output"
	done
}

@test "check --build: variables and secrets may be missing" {
	config='consul = { address = "{{ .HOST }}"; token = {{ quote (secret "TOKEN") }}; };
		jobs = ( { name = "{{ .NAME }}"; exec = "sh -c x"; port = {{ .PORT }};
		health = { exec = "true"; interval = "{{ env "EVERY" }}"; }; } );'
	build_check 0 'is fine: 1 jobs' <<<"$config"
	run -65 env -u PORT "$pilotfish" check "$dir/pilotfish.conf"
	build_check 0 'warning:' ':2: logging.level: must be one of' '.LEVEL in line 2 is not set' 'is fine, but for what depends on' \
		<<<$'jobs = ();\nlogging = { level = "{{ .LEVEL }}"; };'
	build_check 0 'warning:' 'there is no program "/opt/31337/x"; .VERSION in line 2' \
		<<<$'jobs = (\n{ name = "a"; exec = "/opt/{{ .VERSION }}/x"; } );'
	build_check 65 ':2:8: jobs: must be a list' <<<$'# {{ .X }}\n       jobs = 5;'
}

@test "check --build: what belongs to the image may not be missing" {
	printf '#!/bin/none\n' >"$dir/script"
	chmod 755 "$dir/script"
	echo text >"$dir/text"
	build_check 65 ':2: jobs[a].exec: there is no program "nginxx"' \
		":3:15: jobs[b].exec: $dir/script needs \"/bin/none\", which is not there" \
		":4:15: jobs[c].exec: there is no program \"$dir/text\"" \
		':5:30: jobs[d].cwd: there is no directory "/none"' \
		':6:43: jobs[e.preStart].exec: there is no program "hook"' \
		':7:41: jobs[f].health.exec: there is no program "probe"' \
		':8:30: jobs[g].user: no user "somebody"' \
		':9:29: templates[t].source: cannot read /none.tmpl' \
		':9:82: templates[t].check.exec: there is no program "nginxx"' <<-EOF
		jobs = (
		{ name = "a"; exec = "nginxx -g x"; port = {{ .PORT }}; },
		{ name = "b"; exec = "$dir/script"; },
		{ name = "c"; exec = "$dir/text"; },
		{ name = "d"; exec = "true"; cwd = "/none"; },
		{ name = "e"; exec = "true"; preStart = { exec = [ "hook" ]; }; },
		{ name = "f"; exec = "true"; health = { exec = "probe"; interval = 1; }; },
		{ name = "g"; exec = "true"; user = "somebody"; } );
		templates = ( { name = "t"; source = "/none.tmpl"; destination = "/x"; check = { exec = "nginxx -t"; }; } );
		consul = "c";
	EOF
	mkdir "$dir/bin"
	cp /bin/true "$dir/bin/probe"
	build_check 0 <<-EOF
		jobs = ( { name = "a"; exec = "probe"; env = { PATH = "$dir/bin"; }; },
			 { name = "b"; exec = "probe"; env = [ "PATH=/x:$dir/bin" ]; },
			 { name = "c"; exec = "./probe"; cwd = "$dir/bin"; } );
	EOF
}
