# browser.bash - a real browser, driven by WebDriver, for Consul's UI and our own page.  Loaded after lib.
#
#   start_browser            a headless Chromium, in setup_file for the whole file; which reaches only 127.0.0.1
#   open_url URL             opens it
#   open_page PATH           opens $consul_address/ui/dc1/PATH
#   expect_page KIND LINE... waits until the page shows exactly these lines, in any order, of a kind that $readers
#                            defines (page.js, for Consul's UI); a LINE is a pattern as in [[ ]]
#   page_born                prints when the page was loaded, so that a test can detect a reload
#   run_script SCRIPT [ARGUMENT]   prints what a JavaScript returns: a line for each element of an array
#   devtools COMMAND JSON    a command of Chromium's DevTools protocol, such as Emulation.setEmulatedMedia
#   console_messages         prints the errors and warnings of the browser's console since the last call
#   save_page FILE           a screenshot

start_browser()
{
	local port answer

	free_port
	start_program browser env -i PATH="$PATH" HOME="$dir" TMPDIR="$dir" chromedriver --port="$port"
	await_port "$port"
	browser=http://127.0.0.1:$port/session
	answer=$(webdriver POST '' "$(jq -n --arg profile "$dir/browser.profile" '
		{ capabilities: { alwaysMatch: { "goog:loggingPrefs": { browser: "ALL" }, "goog:chromeOptions": { args: [
			"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
			"--disable-quic", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", "--no-proxy-server",
			"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
			"--hide-scrollbars", "--window-size=1280,900", "--user-data-dir=\($profile)"
		] } } } }')") || return
	browser+=/$(jq -r .value.sessionId <<<"$answer")
	export browser
}

webdriver()		# METHOD PATH [BODY]
{
	local answer

	answer=$(curl -sS --fail-with-body --noproxy '*' --max-time 60 -X "$1" ${3:+--data-binary "$3"} \
		"$browser$2") || { fail "$answer"; return; }
	echo "$answer"
}

run_script()
{
	webdriver POST /execute/sync "$(jq -n '{ script: $ARGS.positional[0], args: $ARGS.positional[1:] }' \
		--args "$@")" | jq -r '.value | if type == "array" then .[] else . end'
}

open_url()
{
	webdriver POST /url "{\"url\": \"$1\"}" >/dev/null
}

open_page()
{
	open_url "$consul_address/ui/dc1/$1"
}

devtools()
{
	webdriver POST /goog/cdp/execute "{\"cmd\": \"$1\", \"params\": $2}" >/dev/null
}

console_messages()
{
	webdriver POST /se/log '{"type": "browser"}' | jq -r '.value[] | "\(.level) \(.message)"'
}

expect_page()
{
	LIMIT=${LIMIT:-20} await page_shows "$@" || fail "it shows:" "${shown[@]/#/$'\n'}"
}

page_shows()
{
	local kind=$1 line

	shift
	mapfile -t shown < <(run_script "$(<"$browser_scripts/${readers:-page.js}")" "$kind")
	((${#shown[@]} == $#)) || return
	for line in "${shown[@]}"; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $line == $1 ]] || return
		shift
	done
}

page_born()
{
	run_script 'return performance.timeOrigin'
}

save_page()
{
	run_script 'document.activeElement.blur()' >/dev/null
	webdriver GET /screenshot | jq -r .value | base64 -d >"$1"
}

browser_scripts=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
