# A reload touches only what changed.
# plain

load jobs

reload()
{
	mark
	write_config
	signal_pilotfish HUP
	expect_events "global reloaded"
}

@test "an unchanged job keeps its process; others are replaced, added, removed" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "kept"; exec = "sleep 1000"; }, { name = "changed"; exec = "sleep 1000"; },
			 { name = "removed"; exec = "sleep 1000"; }, { name = "done"; exec = "true"; } );
	EOF
	expect_events "done stopped"
	kept=$(job_pid kept) changed=$(job_pid changed) removed=$(job_pid removed)
	reload <<-'EOF'
		# in another order, with other blanks
		jobs = ( { name = "added"; exec = "sleep 1002"; }, { exec = "true"; name = "done"; },
			 { name = "changed"; exec = "sleep 1001"; },
			 { name = "kept";
			   exec = "sleep 1000"; } );
	EOF
	expect_events "added running"
	lives "$kept"
	gone "$changed"
	gone "$removed"
	[[ $(tr '\0' ' ' <"/proc/$(job_pid changed)/cmdline") == "sleep 1001 " ]]
	refute_events "kept running" "kept stopped" "done running"
	[[ $(count_events "changed stopped") == 1 && $(count_events "changed running") == 1 ]]
	stop_pilotfish
	expect_code 0
	gone "$kept"
}

@test "nothing changed: nothing happens" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; preStart = "true"; preStop = "true"; postStop = "true"; } );'
	expect_events "app running"
	app=$(job_pid app)
	mark
	signal_pilotfish HUP
	expect_events "global reloaded"
	[[ $(list_events | wc -l) == 1 ]]
	lives "$app"
	stop_pilotfish
	[[ $(count_events "app.preStop exitSuccess") == 1 && $(count_events "app.postStop exitSuccess") == 1 ]]
}

@test "the old process is gone before the new one starts: they share a port" {
	script server <<-'EOF'
		exec python3 -c 'import signal, socket, time, sys
		def stop(*_):
		    time.sleep(0.3)
		    sys.exit()
		signal.signal(signal.SIGTERM, stop)
		s = socket.socket()
		s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		s.bind(("127.0.0.1", int(sys.argv[1])))
		s.listen()
		print("listening", sys.argv[2], flush=True)
		while True: time.sleep(1000)' "$@"
	EOF
	sed -i 's/^\t\t//' "$dir/server"
	free_port
	start_pilotfish <<<"jobs = ( { name = \"app\"; exec = \"$dir/server $port one\"; } );"
	expect_log 'listening one'
	reload <<<"jobs = ( { name = \"app\"; exec = \"$dir/server $port two\"; } );"
	expect_log 'listening two'
	expect_events "app running"
	[[ $(list_events | grep -oE 'app (stopping|stopped|running)' | tr '\n' ,) == "app stopping,app stopped,app running," ]]
	stop_pilotfish
	expect_code 0
}

@test "an old process that ignores SIGTERM is killed before the new one starts" {
	script deaf <<-'EOF'
		trap '' TERM
		echo "ready $1"
		while :; do read -rt 1 <> <(:); done
	EOF
	start_pilotfish <<<"jobs = ( { name = \"app\"; exec = \"$dir/deaf one\"; stopTimeout = \"200ms\"; } );"
	expect_log 'ready one'
	old=$(job_pid app)
	reload <<<"jobs = ( { name = \"app\"; exec = \"$dir/deaf two\"; stopTimeout = \"200ms\"; } );"
	expect_log 'ready two'
	gone "$old"
	expect_log 'app does not end on SIGTERM: killed'
	signal_pilotfish KILL
}

@test "a reload that waits for no job is over within the stop timeout" {
	start_pilotfish <<-'EOF'
		stopTimeout = "1s";
		jobs = ( { name = "app"; exec = "sleep 1000"; preStop = "sleep 1000"; stopTimeout = "200ms"; } );
	EOF
	expect_events "app running"
	old=$(job_pid app)
	reload <<-'EOF'
		stopTimeout = "1s";
		jobs = ( { name = "app"; exec = "sleep 1001"; } );
	EOF
	expect_events "app running"
	gone "$old"
	stop_pilotfish
	expect_code 0
}

@test "preStart changed: the job starts anew; preStop changed: it does not, and the new one runs" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; preStart = "echo one"; preStop = "echo one"; } );'
	expect_events "app running"
	first=$(job_pid app)
	reload <<<'jobs = ( { name = "app"; exec = "sleep 1000"; preStart = "echo two"; preStop = "echo one"; } );'
	expect_events "app.preStart exitSuccess" "app running"
	second=$(job_pid app)
	gone "$first"
	[[ $(said app.preStart) == $'one\ntwo' && $(said app.preStop) == one ]]
	reload <<<'jobs = ( { name = "app"; exec = "sleep 1000"; preStart = "echo two"; preStop = "echo three"; } );'
	refute_events "app stopping" "app.preStart running"
	lives "$second"
	stop_pilotfish
	expect_code 0
	[[ $(said app.preStop) == $'one\nthree' ]]
}

@test "postStop of the old job runs, then the new job starts, though there is no other" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; postStop = "sh -c \"sleep 0.2; echo old\""; } );'
	expect_events "app running"
	reload <<<'jobs = ( { name = "app"; exec = "sleep 1001"; postStop = "echo new"; } );'
	expect_events "app running"
	[[ $(said app.postStop) == old ]]
	stop_pilotfish
	expect_code 0
	[[ $(said app.postStop) == $'old\nnew' ]]
}

@test "a job that waits for a replaced job goes on waiting" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "db"; exec = "sleep 1000"; },
			 { name = "app"; exec = "sleep 1000"; needs = [ "db exitSuccess" ]; },
			 { name = "web"; exec = "sleep 1000"; when = { source = "db"; once = "exitSuccess"; timeout = "1h"; }; },
			 { name = "bell"; exec = "true"; when = { source = "db"; each = "exitSuccess"; }; } );
	EOF
	expect_events "db running"
	reload <<-'EOF'
		jobs = ( { name = "db"; exec = "sleep 0.2"; },
			 { name = "app"; exec = "sleep 1000"; needs = [ "db exitSuccess" ]; },
			 { name = "web"; exec = "sleep 1000"; when = { source = "db"; once = "exitSuccess"; timeout = "1h"; }; },
			 { name = "bell"; exec = "true"; when = { source = "db"; each = "exitSuccess"; }; } );
	EOF
	expect_events "db exitSuccess"
	started() { [[ $(count_events "app running") == 1 && $(count_events "web running") == 1 && $(count_events "bell running") == 1 ]]; }
	await started
	stop_pilotfish
	expect_code 0
}

@test "a bad configuration is refused with its place, and all jobs go on" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	expect_events "app running"
	app=$(job_pid app)
	bad()	# MESSAGE <CONFIG
	{
		mark
		write_config
		signal_pilotfish HUP
		expect_log "not reloaded, the old configuration stays: .*$1"
		lives "$app"
		refute_events "app stopped" "global reloaded"
	}

	bad 'main.conf:2:9: a value is missing here' <<<$'jobs = (\n { name = = "app"; } );'
	bad 'main.conf:1:' <<<'jobs = ( { name = "app"; exec = "sleep 1000"; stop = 1; times = 2; } );'
	expect_log 'jobs\[app\].stop: unknown key' 'jobs\[app\].times: unknown key'
	bad 'jobs\[app\].*timeot' <<<'jobs = ( { name = "app"; exec = "sleep 1000"; timeot = 3; } );'
	bad 'jobs\[app\]\.needs: there is no source' <<<'jobs = ( { name = "app"; exec = "sleep 1000"; needs = [ "x running" ]; } );'
	mark
	rm "$dir/main.conf"
	signal_pilotfish HUP
	expect_log 'not reloaded.*cannot read .*main.conf: No such file'
	lives "$app"
	reload <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	lives "$app"
	stop_pilotfish
	expect_code 0
}

@test "fifty HUPs in a row" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "flip"; exec = "sleep 1000"; } );'
	expect_events "flip running"
	app=$(job_pid app)
	for i in {1..50}; do
		write_config <<<"jobs = ( { name = \"app\"; exec = \"sleep 1000\"; }, { name = \"flip\"; exec = \"sleep 1$i\"; } );"
		signal_pilotfish HUP
	done
	runs_last() { [[ $(tr '\0' ' ' <"/proc/$(job_pid flip)/cmdline") == "sleep 150 " ]]; }
	await runs_last
	[[ $(pgrep -P "$pid" | wc -l) == 2 ]]
	lives "$app"
	stop_pilotfish
	expect_code 0
	[[ $(count_events "app running") == 1 ]]
}

@test "a broken file between two good ones" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	expect_events "app running"
	for i in {1..20}; do
		((i % 2)) && text='jobs = ( { name = ' || text=		# half written, and not yet
		printf %s "$text" >"$dir/main.conf"
		signal_pilotfish HUP
	done
	expect_log 'not reloaded'
	reload <<<'jobs = ( { name = "app"; exec = "sleep 1001"; } );'
	expect_events "app running"
	stop_pilotfish
	expect_code 0
}

@test "logging and stopTimeout take effect" {
	start_pilotfish -l <<-'EOF'
		logging = { format = "json"; level = "info"; };
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	expect_log 'app started'
	app=$(job_pid app)
	refute_log '"msg":"event"'
	write_config <<-'EOF'
		logging = { format = "json"; level = "debug"; };
		stopTimeout = "400ms";
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
	EOF
	signal_pilotfish HUP
	expect_events "global reloaded"
	lives "$app"
	write_config <<-EOF
		logging = { format = "logfmt"; output = "$dir/other.log"; };
		stopTimeout = "400ms";
		jobs = ( { name = "app"; exec = "sh -c 'trap : TERM; echo ready; while :; do sleep 0.01; done'"; } );
	EOF
	signal_pilotfish HUP
	await grep -q 'job=app.*msg="ready"' "$dir/other.log"
	stop_pilotfish
	expect_code 137
	((took < 400 * slow))
	grep -q 'msg="all is stopped, exit code 137"' "$dir/other.log"
}

@test "all jobs go, and come back; a job becomes essential without being touched" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "side"; exec = "sleep 1000"; } );'
	expect_events "side running"
	app=$(job_pid app)
	reload <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	lives "$app"
	kill "$app"
	wait_exit
	expect_code 143
	expect_log 'app is essential'
}

@test "without any job left it ends" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	expect_events "app running"
	write_config <<<'jobs = ( );'
	signal_pilotfish HUP
	wait_exit
	expect_code 0
}

@test "a running job whose dependency is replaced goes on; the order of the end is the new one" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "db"; exec = "sleep 1000"; }, { name = "app"; exec = "sleep 1000"; needs = [ "db running" ]; } );
	EOF
	expect_events "app running"
	app=$(job_pid app)
	reload <<-'EOF'
		jobs = ( { name = "db"; exec = "sleep 1001"; }, { name = "app"; exec = "sleep 1000"; needs = [ "db running" ]; } );
	EOF
	expect_events "db running"
	lives "$app"
	stop_pilotfish
	expect_code 0
	expect_events "app stopping" "app stopped" "db stopping" "db stopped"
}

@test "an essential job that is removed does not end the rest" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sleep 1000"; essential = true; }, { name = "side"; exec = "sleep 1000"; } );
	EOF
	expect_events "side running"
	side=$(job_pid side)
	reload <<<'jobs = ( { name = "side"; exec = "sleep 1000"; } );'
	lives "$side"
	refute_events "global shutdown"
	stop_pilotfish
	expect_code 0
}

# A configuration that is refused only by what it stands for: nothing has been stopped when that shows.
refuse_reload()		# MESSAGE, the configuration on stdin
{
	mark
	write_config
	signal_pilotfish HUP
	expect_log "not reloaded, the old configuration stays: .*$1"
	refute_events "app draining" "app stopping" "app stopped" "global reloaded"
	run -65 "$pilotfish" check -c "$dir/main.conf"
	[[ $output =~ $1 ]]
}

goes_on()
{
	write_config <<<'jobs = ( { name = "app"; exec = "sleep 1000"; }, { name = "more"; exec = "sleep 1000"; } );'
	signal_pilotfish HUP
	expect_events "global reloaded" "more running"
	refute_events "app stopped"
	stop_pilotfish
	expect_code 0
}

@test "an address of Consul without a host is refused before anything is stopped" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	expect_events "app running"
	for address in http://:8500 :x http:// http://host:0 http://host:x; do
		refuse_reload 'consul.address: ' <<-EOF
			consul = "$address";
			jobs = ( { name = "app"; exec = "sleep 1001"; } );
		EOF
	done
	goes_on
}

@test "an epochFile that holds garbage, or is none, is refused before anything is stopped" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	expect_events "app running"
	for text in garbage -1 99999999999999999999999 ''; do
		echo "$text" >"$dir/epoch"
		refuse_reload 'elections\[main\].epochFile: .*expected a number' <<-EOF
			consul = "127.0.0.1:1";
			jobs = ( { name = "app"; exec = "sleep 1001"; } );
			elections = ( { name = "main"; job = "app"; epochFile = "$dir/epoch"; } );
		EOF
	done
	rm "$dir/epoch"
	mkfifo "$dir/epoch"
	cp "$dir/main.conf" "$dir/fifo.conf"
	refuse_reload 'elections\[main\].epochFile: .*not a regular file' <"$dir/fifo.conf"
	goes_on
}

@test "a log that cannot be opened refuses the reload" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	expect_events "app running"
	mark
	write_config <<-EOF
		logging = { output = "$dir/missing/log"; };
		jobs = ( { name = "app"; exec = "sleep 1001"; } );
	EOF
	signal_pilotfish HUP
	expect_log "not reloaded, the old configuration stays: cannot log to $dir/missing/log"
	refute_events "app draining" "app stopped"
	goes_on
}

@test "a timer that an election cannot have refuses the reload" {
	start_pilotfish <<<'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
	expect_events "app running"
	mark
	prlimit --pid "$pid" --sigpending=0:0
	write_config <<-EOF
		consul = "127.0.0.1:1";
		jobs = ( { name = "app"; exec = "sleep 1001"; } );
		elections = ( { name = "main"; job = "app"; } );
	EOF
	signal_pilotfish HUP
	expect_log "not reloaded, the old configuration stays: .*elections\[main\]: cannot make a timer"
	refute_events "app draining" "app stopped"
	goes_on
}
