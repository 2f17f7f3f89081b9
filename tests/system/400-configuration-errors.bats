# A configuration with an error: the message names the place, the exit code is one of sysexits(3),
# and nothing is started.

load lib

# refused CODE REGEX: `check` and `run` refuse the configuration on stdin with this message.  SENTINEL in
# it becomes a command that leaves a file if it runs.
refused()
{
	local wanted=$1 message=$2

	sed "s|SENTINEL|touch $dir/started|" >"$dir/pilotfish.conf"
	refused_as_it_is "$wanted" "$message"
}

refused_as_it_is()
{
	local wanted=$1 message=$2 started=78

	((wanted == 66)) && started=66
	expect_words "$wanted" "$message" "$pilotfish" check -c "${config-$dir/pilotfish.conf}"
	expect_words "$started" "$message" "$pilotfish" -c "${config-$dir/pilotfish.conf}"
	[[ ! -e $dir/started ]] || fail "something was started"
}

expect_words()
{
	local wanted=$1 message=$2

	shift 2
	run timeout 10 "$@"
	((status == wanted)) || fail "exit code $status, not $wanted: $output"
	[[ ${#lines[@]} == 1 && $output =~ $message ]] || fail "not like '$message': $output"
}

@test "no such file" {
	config=$dir/missing.conf refused_as_it_is 66 'cannot read .*/missing.conf: No such file'
}

@test "a file that may not be read" {
	echo 'jobs = ();' >"$dir/pilotfish.conf"
	chmod 000 "$dir/pilotfish.conf"
	cp "$pilotfish" "$dir/pilotfish"
	chmod 711 "$dir" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test "$BATS_RUN_TMPDIR"/test/*
	expect_words 66 'pilotfish.conf: Permission denied' \
		setpriv --reuid 65534 --clear-groups "$dir/pilotfish" check -c "$dir/pilotfish.conf"
	expect_words 66 'pilotfish.conf: Permission denied' \
		setpriv --reuid 65534 --clear-groups "$dir/pilotfish" -c "$dir/pilotfish.conf"
}

@test "a directory, a device that never ends" {
	config=$dir refused_as_it_is 66 'Is a directory'
	config=/dev/zero refused_as_it_is 66 '/dev/zero'
}

@test "a syntax error: file, line and the line itself" {
	refused 65 'pilotfish.conf:2:19: .*name = "app"; exec "touch' <<-'EOT'
		jobs = (
		  { name = "app"; exec "SENTINEL"; }
		);
	EOT
	refused 65 'pilotfish.conf:3:1: ' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; } );

		}
	EOT
	refused 65 'pilotfish.conf:1: ' <<-'EOT'
		jobs = ( { name = "app; exec = "SENTINEL"; } );
	EOT
}

@test "all mistakes at once, each with its place, also in included and templated text" {
	printf 'jobs = (\n  { name = "web"; exec = "touch %s/started"; prot = 80; },\n' "$dir" >"$dir/jobs.conf"
	printf '  { name = "db"; exec = "x"; preStart = { exec = "true"; restarts = -4; }; } );\n' >>"$dir/jobs.conf"
	cat >"$dir/pilotfish.conf" <<-'EOT'
		{{ range loop 2 }}# {{ . }}
		{{ end }}
		logging = { level = "{{ .LEVEL }}"; };
		@include "jobs.conf"
		watches = ( { service = "x"; } );
	EOT
	messages=(
		"pilotfish.conf:3: logging.level: must be .*, found \"\"; .LEVEL in line 3 is not set"
		"jobs.conf:2:[0-9]+: jobs\[web\].prot: unknown key; did you mean 'port'\?"
		"jobs.conf:3:58: jobs\[db.preStart\].restarts: must be "
		"pilotfish.conf:5:13: watches\[0\].name: missing"
	)
	names_all()
	{
		for message in "${messages[@]}"; do
			grep -Eq "$message" <<<"$output" || fail "no '$message' in: $output"
		done
		[[ ${#lines[@]} == "${#messages[@]}" && ! -e $dir/started ]]
	}
	run -65 "$pilotfish" check -c "$dir/pilotfish.conf"
	names_all
	run -78 "$pilotfish" -c "$dir/pilotfish.conf"
	names_all
}

@test "bytes that are not text" {
	head -c 4096 /dev/urandom | tr -d '{' >"$dir/pilotfish.conf"
	expect_words 65 'pilotfish.conf:[0-9]+: ' "$pilotfish" check -c "$dir/pilotfish.conf"
	expect_words 78 'pilotfish.conf:[0-9]+: ' "$pilotfish" -c "$dir/pilotfish.conf"
}

@test "bytes that are not text, in a template" {
	printf 'a = "\xff\xfe"; b = {{ \x80 }};\n' >"$dir/pilotfish.conf"
	run -65 "$pilotfish" check -c "$dir/pilotfish.conf"
	[[ ${lines[0]} == *"pilotfish.conf:1:18: "* ]]
	[[ ${lines[1]} == '  a = "??"; b = {{ ? }};' && ${lines[2]} == '                   ^' ]]
}

@test "an unknown key: its path, and the nearest known one" {
	refused 65 'pilotfish.conf:1:78: jobs\[app\].*"?restart"?.*did you mean .restarts.\?' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; restart = "unlimited"; } );
	EOT
	refused 65 'jobs\[app\].health.*did you mean .interval.\?' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; health = { exec = "true"; intervall = 1; }; } );
	EOT
	refused 65 'pilotfish.conf:2:1: .*did you mean .watches.\?' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; } );
		watchs = ();
	EOT
}

@test "a wrong type: path, what it must be, what was found" {
	refused 65 'jobs\[app\].restarts: must be .*found "often"' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; restarts = "often"; } );
	EOT
	refused 65 'jobs\[app\].stopTimeout: must be .*found "soon"' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; stopTimeout = "soon"; } );
	EOT
	refused 65 'jobs\[app\].essential: must be .*found 3' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; essential = 3; } );
	EOT
	refused 65 'jobs: must be .*found "app"' <<-'EOT'
		jobs = "app";
	EOT
}

@test "an exec that is empty or missing" {
	refused 65 'jobs\[app\].exec: must be a command' <<-'EOT'
		jobs = ( { name = "first"; exec = "SENTINEL"; }, { name = "app"; exec = ""; } );
	EOT
	refused 65 'jobs\[app\].exec: must be a command' <<-'EOT'
		jobs = ( { name = "first"; exec = "SENTINEL"; }, { name = "app"; exec = [ "" ]; } );
	EOT
	refused 65 'jobs\[app\].exec: missing' <<-'EOT'
		jobs = ( { name = "first"; exec = "SENTINEL"; }, { name = "app"; } );
	EOT
	refused 65 'jobs\[app\].health' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; health = { exec = "   "; interval = 1; }; } );
	EOT
}

@test "two jobs, watches or services of one name" {
	refused 65 'there are two jobs named "app"' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; }, { name = "app"; exec = "SENTINEL"; } );
	EOT
	refused 65 'there are two watches named "db"' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; } );
		watches = ( { name = "db"; }, { name = "db"; } );
	EOT
	refused 65 'there are two services named "web"' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "web"; exec = "SENTINEL"; port = 80; },
			 { name = "app"; exec = "SENTINEL"; services = ( { name = "web"; port = 81; } ); } );
	EOT
}

@test "an unknown source, an unknown event" {
	refused 65 'jobs\[app\].when.source: there is no source "db"' <<-'EOT'
		jobs = ( { name = "first"; exec = "SENTINEL"; },
			 { name = "app"; exec = "SENTINEL"; when = { source = "db"; once = "healthy"; }; } );
	EOT
	refused 65 'jobs\[app\].needs: there is no source "watch.bd".*did you mean .watch.db.\?' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; needs = [ "watch.bd healthy" ]; } );
		watches = ( { name = "db"; } );
	EOT
	refused 65 'jobs\[app\].needs.*helthy' <<-'EOT'
		jobs = ( { name = "first"; exec = "SENTINEL"; },
			 { name = "app"; exec = "SENTINEL"; needs = [ "first helthy" ]; } );
	EOT
}

@test "jobs that wait for each other: the message shows the cycle" {
	refused 65 'app -> db -> cache -> app$' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; needs = [ "db running" ]; },
			 { name = "db"; exec = "SENTINEL"; when = { source = "cache"; once = "running"; }; },
			 { name = "cache"; exec = "SENTINEL"; needs = [ "app running" ]; },
			 { name = "other"; exec = "SENTINEL"; } );
	EOT
}

@test "a port out of range" {
	local number

	for number in 0 -1 65536 '"http"'; do
		refused 65 'jobs\[app\].port: must be ' <<-EOT
			consul = "127.0.0.1:1";
			jobs = ( { name = "app"; exec = "SENTINEL"; port = $number; } );
		EOT
	done
	refused 65 'jobs\[app\].services\[[^]]*\].port: must be ' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; services = ( { name = "a"; port = 70000; } ); } );
	EOT
}

@test "a user or a group that does not exist" {
	refused 65 'jobs\[app\].*user.*no-such-user' <<-'EOT'
		jobs = ( { name = "first"; exec = "SENTINEL"; },
			 { name = "app"; exec = "SENTINEL"; user = "no-such-user"; } );
	EOT
	refused 65 'jobs\[app\].*no-such-group' <<-'EOT'
		jobs = ( { name = "first"; exec = "SENTINEL"; },
			 { name = "app"; exec = "SENTINEL"; group = "no-such-group"; } );
	EOT
}

@test "a service without Consul" {
	unset CONSUL_HTTP_ADDR
	refused 65 'jobs\[app\].port: needs Consul' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; port = 80; } );
	EOT
}

@test "an unsafe election: the message names the time that is too short, and a sufficient one" {
	refused 65 'elections\[db\].lockDelay: 3s protects too short .* are 3.125s.*; at least 3.3s would do$' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; } );
		elections = ( { name = "db"; job = "app"; ttl = "3s"; lockDelay = "3s"; demoteTimeout = 0; } );
	EOT
	sed -i 's/lockDelay = "3s"/lockDelay = "3.3s"/' "$dir/pilotfish.conf"
	run -0 "$pilotfish" check -c "$dir/pilotfish.conf"
	[[ $output == *": 1 jobs, 0 hooks, 0 watches, 0 templates, 1 elections, http://127.0.0.1:1" ]]
}

@test "an election without a job, without Consul, of a job that waits for it, twice" {
	unset CONSUL_HTTP_ADDR
	refused 65 'elections\[db\].job: there is no job "ap"; did you mean .app.\?$' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; } );
		elections = ( { name = "db"; job = "ap"; } );
	EOT
	refused 65 'elections\[db\].job: missing, and no job has runs = "election.db"$' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; } );
		elections = ( { name = "db"; } );
	EOT
	refused 65 'elections\[db\]: needs Consul, but this configuration has no consul$' <<-'EOT'
		jobs = ( { name = "app"; exec = "SENTINEL"; } );
		elections = ( { name = "db"; job = "app"; } );
	EOT
	refused 65 'app -> election.db -> app$' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; needs = [ "election.db elected" ]; } );
		elections = ( { name = "db"; job = "app"; } );
	EOT
	refused 65 'there are two elections with the key "service/db/leader"$' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; }, { name = "b"; exec = "b"; runs = "election.b"; } );
		elections = ( { name = "db"; job = "app"; }, { name = "b"; key = "service/db/leader"; } );
	EOT
}

@test "both X and X_FILE in the environment" {
	echo 'jobs = ( { name = "app"; exec = "SENTINEL"; } );' >"$dir/pilotfish.conf"
	export PILOTFISH_CONFIG=$dir/pilotfish.conf PILOTFISH_CONFIG_FILE=$dir/name
	echo "$dir/pilotfish.conf" >"$dir/name"
	expect_words 65 'both PILOTFISH_CONFIG and PILOTFISH_CONFIG_FILE are set' "$pilotfish" check
	expect_words 78 'both PILOTFISH_CONFIG and PILOTFISH_CONFIG_FILE are set' "$pilotfish"
	unset PILOTFISH_CONFIG PILOTFISH_CONFIG_FILE

	export CONSUL_HTTP_TOKEN=secret CONSUL_HTTP_TOKEN_FILE=$dir/token
	refused 65 'both CONSUL_HTTP_TOKEN and CONSUL_HTTP_TOKEN_FILE are set' <<-'EOT'
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; } );
	EOT
	unset CONSUL_HTTP_TOKEN CONSUL_HTTP_TOKEN_FILE

	export CONSUL_CACERT=/a CONSUL_CACERT_FILE=/b
	refused 65 'both CONSUL_CACERT and CONSUL_CACERT_FILE are set' <<-'EOT'
		consul = "https://127.0.0.1:1";
		jobs = ( { name = "app"; exec = "SENTINEL"; } );
	EOT
}

@test "a mistake in a variable names the variable" {
	cat >"$dir/pilotfish.conf" <<-'EOT'
		jobs = ( { name = "app"; exec = "true"; port = 80; } );
	EOT
	CONSUL_HTTP_ADDR=tcp://consul:8500 expect_words 65 ': CONSUL_HTTP_ADDR: must begin with http://, https:// or unix:///, found "tcp:' \
		"$pilotfish" check -c "$dir/pilotfish.conf"
	CONSUL_HTTP_ADDR=consul:85000 expect_words 65 ': CONSUL_HTTP_ADDR: the port must be 1 to 65535' \
		"$pilotfish" check -c "$dir/pilotfish.conf"
	export CONSUL_HTTP_ADDR=$' consul\n'
	CONSUL_HTTP_TOKEN=$'abc\r\nX-Other: 1' expect_words 65 ': CONSUL_HTTP_TOKEN: must not contain a control' \
		"$pilotfish" check -c "$dir/pilotfish.conf"
	CONSUL_HTTP_AUTH=$'user:pass\x01' expect_words 65 ': CONSUL_HTTP_AUTH: must not contain a control' \
		"$pilotfish" check -c "$dir/pilotfish.conf"
	CONSUL_HTTP_TOKEN=$'\n' run -0 "$pilotfish" check -c "$dir/pilotfish.conf"
	[[ $output == *", http://consul:8500" ]]
}

@test "X_FILE: the value is in the file" {
	echo 'jobs = ( { name = "app"; exec = "true"; } );' >"$dir/pilotfish.conf"
	echo "$dir/pilotfish.conf" >"$dir/name"
	PILOTFISH_CONFIG_FILE=$dir/name run -0 "$pilotfish" check
	[[ $output == "$dir/pilotfish.conf is fine: 1 jobs, 0 hooks, 0 watches, 0 templates, 0 elections, no Consul" ]]
	echo "consul.example:1234" >"$dir/address"
	CONSUL_HTTP_ADDR_FILE=$dir/address run -0 "$pilotfish" check -c "$dir/pilotfish.conf"
	[[ $output == *", http://consul.example:1234" ]]
	CONSUL_HTTP_ADDR_FILE=$dir/missing \
		expect_words 65 'CONSUL_HTTP_ADDR_FILE: cannot read .*/missing: No such file' \
		"$pilotfish" check -c "$dir/pilotfish.conf"
}

@test "no message shows a secret" {
	refused 65 'consul.token' <<-'EOT'
		consul = { address = "127.0.0.1:1"; token = [ "hush" ]; };
		jobs = ( { name = "app"; exec = "SENTINEL"; } );
	EOT
	[[ $output != *hush* ]]
}

@test "an error in an included file: the message names that file and line" {
	mkdir "$dir/parts"
	echo '@include "parts/jobs.conf"' >"$dir/pilotfish.conf"
	printf 'jobs = (\n  @include "one.conf"\n);\n' >"$dir/parts/jobs.conf"
	printf '{ name = "app";\n  exec = "touch %s"\n  essential; }\n' "$dir/started" >"$dir/parts/one.conf"
	refused_as_it_is 65 'parts/one.conf:3:3: .*essential'

	printf '{ name = "app"; exec = "true"; }\n' >"$dir/parts/one.conf"
	run -0 "$pilotfish" check -c "$dir/pilotfish.conf"
	run -0 "$pilotfish" -c "$dir/pilotfish.conf"
}

@test "an included file that does not exist, a cycle of included files" {
	echo '@include "missing.conf"' >"$dir/pilotfish.conf"
	refused_as_it_is 65 'pilotfish.conf:1: .*missing.conf.*No such file'
	echo '@include "pilotfish.conf"' >"$dir/pilotfish.conf"
	refused_as_it_is 65 'pilotfish.conf:1: '
}

@test "a refused configuration sends nothing to Consul" {
	start_fake_consul
	refused 65 'jobs\[app\].restarts' <<-EOT
		consul = "$fake_address";
		jobs = ( { name = "first"; exec = "SENTINEL"; port = 80; },
			 { name = "app"; exec = "SENTINEL"; restarts = "often"; } );
		watches = ( { name = "db"; } );
	EOT
	[[ $(fake requests) == "[]" ]]
}

@test "wrong usage" {
	expect_words 64 'unknown verb "chekc"' "$pilotfish" chekc
	expect_words 64 'unexpected argument "extra" \(a configuration is given with -c\)' "$pilotfish" check -c x extra
	expect_words 64 'unexpected argument "two" \(a configuration is given with -c\)' "$pilotfish" check one two
	expect_words 64 'unknown verb "chekc"; did you mean .check.\?' "$pilotfish" chekc
	expect_words 64 'unknown verb "nginx" .*a program is run by `pilotfish -- nginx`' "$pilotfish" nginx -g 'daemon off;'
	expect_words 64 '`--` is missing before "sleep"' "$pilotfish" -s sleep 5
	expect_words 64 '`--` is missing before "sleep"' "$pilotfish" -e 3 sleep 5
	expect_words 64 '-v: there is no such option' "$pilotfish" -vv
	expect_words 64 '-v: there is no such option' "$pilotfish" -vg -- true
	expect_words 64 '-v: there is no such option' "$pilotfish" -g -v -- true
	expect_words 64 '--wrong: there is no such option' "$pilotfish" --wrong
	expect_words 64 '-c: its value is missing' "$pilotfish" check -c
	expect_words 64 '"soon": this value is wrong' "$pilotfish" status --timeout soon
}
