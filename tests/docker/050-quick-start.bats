# The README's quick start, pasted.
# serial

load lib

PORT=18500			# in place of 8500, where a Consul of this host may be

setup_file()
{
	file_begin clean_up
}

teardown_file()
{
	file_end clean_up
}

setup()
{
	begin
	cd "$BATS_TEST_TMPDIR"
}

clean_up()
{
	docker rm -f quick-web quick-consul >/dev/null 2>&1
	docker network rm quick >/dev/null 2>&1 || :
}

block()			# AFTER BEFORE: the lines of code in the README between these
{
	sed -n "/^$1/,/^$2/s/^    //p" "$engine_root/README.md"
}

@test "a Dockerfile of eight lines and a configuration of ten: nginx is healthy in Consul, and leaves it" {
	block 'Then, in an empty folder' 'and `pilotfish.conf`' >Dockerfile
	block 'and `pilotfish.conf`' 'Run it' >pilotfish.conf
	block 'Run it' '`docker stop' | sed "s/:8500\([:/]\)/:$PORT\1/" >commands
	[ "$(wc -l <Dockerfile)" = 8 ]
	[ "$(wc -l <pilotfish.conf)" = 10 ]

	run -0 bash -e commands
	[[ $output == *'"Service": "web"'*'"Status": "passing"'* ]]

	run -0 docker stop quick-web
	[ "$(docker inspect -f '{{ .State.ExitCode }}' quick-web)" = 0 ]
	[ "$(curl -s "http://127.0.0.1:$PORT/v1/health/service/web" | jq length)" = 0 ]
}
