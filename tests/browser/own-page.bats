# Our own page at the telemetry port, in a real browser: what an operator sees of a running pilotfish.

load ../system/lib
load browser

setup_file()
{
	start_consul
	register db db-1 5432
	register cache cache-1 6379
	register cache cache-2 6379
	free_port
	export port
	echo '{{ range service "db" }}{{ .Port }}{{ end }}' >"$dir/app.ctmpl"
	start
	await_port "$port"
	start_browser
}

start()
{
	write_config -n pilotfish <<-EOF
		consul = "$consul_address";
		telemetry = { port = $port; address = "127.0.0.1"; page = true; };
		jobs = ( { name = "app"; exec = [ "sleep", "1000" ]; port = 3000; interfaces = "static:127.0.0.1";
			   needs = [ "watch.db healthy", "template.app rendered" ];
			   health = { exec = [ "sh", "-c", "cat $dir/says 2>/dev/null || echo 42 connections; test ! -e $dir/says" ];
				      interval = "1s"; failures = 2; }; restarts = "unlimited"; },
			 { name = "web"; exec = [ "sleep", "1000" ]; port = 80; interfaces = "static:127.0.0.1";
			   when = { source = "app"; once = "healthy"; }; health = { exec = "true"; interval = "1s"; }; restarts = "unlimited"; },
			 { name = "mailer"; exec = [ "sleep", "1000" ]; runs = "election.leader"; },
			 { name = "backup"; exec = "true"; when = { interval = "1h"; }; },
			 { name = "rotate"; exec = "true"; when = { source = "SIGHUP"; each = "signalled"; }; } );
		watches = ( { name = "db"; }, { name = "cache"; } );
		templates = ( { name = "app"; source = "$dir/app.ctmpl"; destination = "$dir/app.json"; } );
		elections = ( { name = "leader"; job = "app"; id = "app-1"; } );
	EOF
	(cd "$dir" && start_pilotfish -c pilotfish.conf)
}

setup()
{
	file=$BATS_FILE_TMPDIR readers=own-page.js
	rm -f "$file/says"
	devtools Emulation.setDeviceMetricsOverride '{"width": 1180, "height": 1230, "deviceScaleFactor": 1, "mobile": false}'
	devtools Emulation.setEmulatedMedia '{"features": [{"name": "prefers-color-scheme", "value": "light"}]}'
	open_url "http://127.0.0.1:$port/"
	console_messages >/dev/null
}

expect_all_well()
{
	expect_page jobs "app | green running | green passing | 42 connections" "backup | blue waiting |  | " \
		"mailer | green running |  | " "rotate | blue waiting |  | " "web | green running | green passing | "
	expect_page head "green healthy" "green live"
}

# An unhealthy app does not lead, so the mailer, which runs while it leads, ends.
expect_red()		# OUTPUT
{
	expect_page jobs "app | red running | red critical | $1" "backup | blue waiting |  | " \
		"mailer | blue waiting |  | " "rotate | blue waiting |  | " "web | green running | green passing | "
}

# A violation of the content security policy is a message, too.
expect_silent_console()
{
	run console_messages
	[[ ! $output ]] || fail "$output"
}

@test "what runs, what Consul has of it, and what depends on what" {
	expect_all_well
	expect_page services "app | green passing | 127.0.0.1:3000" "web | green passing | 127.0.0.1:80"
	expect_page watches "cache | green healthy | 2 | 127.0.0.1:6379, 127.0.0.1:6379" "db | green healthy | 1 | 127.0.0.1:5432"
	expect_page elections "leader | green leader | app-1"
	expect_page templates "app | green rendered"
	expect_page nodes "SIGHUP | grey signal" "app | green ● job, running, passing" "app | green ● template, rendered" \
		"backup | blue ○ job, waiting" "cache | green ● watch, healthy" "db | green ● watch, healthy" \
		"leader | green ● election, leader" "mailer | green ● job, running" "rotate | blue ○ job, waiting" \
		"web | green ● job, running, passing"
	expect_page edges "SIGHUP signalled → rotate (when)" "app healthy → leader (candidate)" \
		"app healthy → web (when)" "app rendered → app (needs)" "db healthy → app (needs)" \
		"leader elected → mailer (when)"
	expect_silent_console
}

@test "a job turns red on the open page, and green again; the events tell it" {
	expect_all_well
	born=$(page_born)
	echo "no database" >"$file/says"
	expect_red "no database"
	expect_page head "green live" "red app is critical: no database" "red not healthy"
	expect_page services "app | red critical | *" "web | green passing | *"
	[[ $(run_script "$(<"$browser_scripts/own-page.js")" nodes) == *"app | red ■ job, running, critical"* ]]
	save_page "$B/page.png"
	rm "$file/says"
	expect_all_well
	run_script "$(<"$browser_scripts/own-page.js")" events >"$file/events"
	grep -qx "app | red unhealthy" "$file/events"
	grep -qx "app | green healthy" "$file/events"
	[[ $(page_born) == "$born" ]]
	expect_silent_console
}

@test "markup in the output of a check is shown as text, and does nothing" {
	expect_all_well
	evil='<script>window.owned=1</script><img src=x onerror="window.owned=2">'
	echo "$evil" >"$file/says"
	expect_red "$evil"
	[[ $(run_script 'return [String(window.owned), document.scripts.length, document.images.length]') == \
		$'undefined\n1\n1' ]]
	run_script 'try { document.body.innerHTML = "<b>x</b>" } catch (error) { return error.name } return "done"' >"$file/try"
	[[ $(<"$file/try") == TypeError ]]
	console_messages >/dev/null
	rm "$file/says"
	expect_all_well
	expect_silent_console
}

@test "the last two hundred events stay" {
	expect_all_well
	for _ in {1..8}; do
		for _ in {1..30}; do
			kill -HUP "$(dir=$file pid_of main)"
			sleep 0.01
		done
	done
	count_rows() { [[ $(run_script 'return document.querySelectorAll("#events tbody tr").length') == "$1" ]]; }
	LIMIT=20 await count_rows 200
	expect_silent_console
}

@test "a narrow screen scrolls parts, not the page; it is dark where the reader wants that" {
	devtools Emulation.setDeviceMetricsOverride '{"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": true}'
	echo "a-long-word-$(printf 'x%.0s' {1..300})" >"$file/says"
	expect_page head "green live" "red app is critical: a-long-word-*" "red not healthy"
	run_script 'return [innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]' >"$file/widths"
	[[ $(<"$file/widths") == $'375\n375\n375' ]] || fail "$(<"$file/widths")"
	brightness='const sum = text => text.match(/[0-9.]+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0);
		const style = getComputedStyle(document.body); return [sum(style.backgroundColor) < sum(style.color)]'
	[[ $(run_script "$brightness") == false ]]
	devtools Emulation.setEmulatedMedia '{"features": [{"name": "prefers-color-scheme", "value": "dark"}]}'
	[[ $(run_script "$brightness") == true ]]
	save_page "$B/page-dark.png"
	expect_silent_console
}

press_tab()
{
	webdriver POST /actions '{"actions": [{"type": "key", "id": "keys", "actions": [
		{"type": "keyDown", "value": "\ue004"}, {"type": "keyUp", "value": "\ue004"}]}]}' >/dev/null
}

@test "by keyboard: each part can be reached and scrolled, and shows that it has the focus" {
	expect_all_well
	expected=("Skip to the jobs" Jobs Services Watches Elections Templates Dependencies Events)
	for part in "${expected[@]}"; do
		press_tab
		run_script 'const at = document.activeElement, title = at.getAttribute("aria-labelledby");
			return [title ? document.getElementById(title).textContent : at.textContent,
				getComputedStyle(at).outlineStyle]' >"$file/focus"
		[[ $(<"$file/focus") == "$part"$'\nsolid' ]] || fail "$part: $(<"$file/focus")"
	done
}

@test "without a pilotfish it says so, and finds the next one" {
	expect_all_well
	born=$(page_born)
	dir=$file stop_pilotfish
	lost() { [[ $(run_script 'return document.getElementById("link").textContent') == "connection lost, next try in "*" s" ]]; }
	await lost
	dir=$file start
	LIMIT=40 expect_all_well
	[[ $(page_born) == "$born" ]]
}
