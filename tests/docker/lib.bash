# lib.bash - the base of the tests in Docker, besides engine.bash.  `load lib` at the top of a file.
#
# A file has one project for all its tests.  Without an engine the tests are skipped, with the reason.
#
#   file_begin COMMAND...       for setup_file: starts an engine, makes images, removes left-overs, runs the command
#   file_end COMMAND...         for teardown_file: runs the command, and stops the engine if we started it
#   now, await, fail            as in tests/system/lib.bash
#   client_start NETWORK [CONSUL]        client.js in that network
#   seen VERB ARG...            asks the program `seen` about the client's answers since $since
#   note VERB ARG...            the same, and shows the output even if the test passes
#   figure TEXT                 shows TEXT even if the test passes
#   id_of CONTAINER             prints its ID in Consul; address_of CONTAINER
#   container_of HOST           prints the name of the container whose host has this name

# shellcheck source=engine.bash
source "$BATS_TEST_DIRNAME/engine.bash"
# shellcheck source=../system/lib.bash
source "$engine_root/tests/system/lib.bash"

client=$project-client
seen_file=$BATS_FILE_TMPDIR/seen

file_begin()
{
	local problem=$BATS_FILE_TMPDIR/problem

	if ! engine_start 2>"$problem"; then
		no_engine=$(<"$problem")
		export no_engine
		return 0
	fi
	quietly images_make
	"$@"
}

file_end()
{
	[[ ! ${no_engine-} ]] || return 0
	docker rm -f "$client" >/dev/null 2>&1
	"$@"
	engine_stop
}

# Each test begins with a mark; `setup` of a file calls this.
begin()
{
	[[ ! ${no_engine-} ]] || skip "$no_engine"
	since=$(now)
}

# The beginning and the end of a file, unless it has its own: its `up` starts the containers of its example.
setup_file()
{
	file_begin up
}

teardown_file()
{
	file_end compose_down
}

setup()
{
	begin
}

quietly()
{
	local output

	output=$("$@" 2>&1 </dev/null) || fail "$*: $output"
}

client_start()
{
	touch "$seen_file"
	chmod 666 "$seen_file"
	docker rm -f "$client" >/dev/null 2>&1 || :
	quietly docker run -d --name "$client" --network "$1" --no-healthcheck --read-only --user 65532 --cap-drop ALL \
		-v "$BATS_FILE_TMPDIR:/seen" -v "$BATS_TEST_DIRNAME/client.js:/client.js:ro" \
		--entrypoint node pilotfish-example-app /client.js /seen/seen nginx "${@:2}"
}

seen()
{
	"$BATS_TEST_DIRNAME/seen" "$seen_file" "$since" "$@"
}

# tests/run shows figures of passed tests, too.
note()
{
	local output status=0

	output=$(seen "$@") || status=$?
	figure "${output//$'\n'/; }"
	return $status
}

figure()
{
	printf '# figure: %s: %s\n' "${BATS_TEST_DESCRIPTION%%:*}" "$*" >&3
}

id_of()
{
	docker inspect -f 'app-{{ .Config.Hostname }}' "$1"
}

container_of()
{
	docker inspect -f '{{ .Name }}' "$1" | sed 's,^/,,'
}

address_of()
{
	docker inspect -f '{{ range .NetworkSettings.Networks }}{{ .IPAddress }}{{ end }}' "$1"
}
