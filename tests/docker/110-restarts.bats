# Each example serves again after all its containers were restarted, killed and started, and replaced.
# serial
# limit 900

load lib

setup_file()
{
	file_begin compose_down
}

teardown()
{
	[[ ${BATS_TEST_COMPLETED-} ]] || compose logs --no-color --tail 20 | cut -c 1-300
	compose_down >/dev/null 2>&1
	lib_teardown
}

teardown_file()
{
	file_end :
}

ask_consul()
{
	curl -sf --max-time 3 "http://127.0.0.1:$(compose_port consul 8500)/v1/$1"
}

passing()		# SERVICE
{
	[[ $(ask_consul "health/service/$1?passing" | jq length) == 1 ]]
}

restart()
{
	compose restart -t 10
}

kill_and_start()
{
	compose kill
	compose start
}

# As after a change of all images.
replace()
{
	compose_up --force-recreate
}

# By their own health checks.
all_healthy()
{
	local all healthy

	all=$(compose ps -q | wc -l)
	healthy=$(docker ps -q --filter "label=com.docker.compose.project=$project" --filter health=healthy | wc -l)
	((all > 0 && healthy == all))
}

survives()		# SERVES: a function that succeeds if the example serves
{
	local serves=$1 way

	quietly compose_up
	LIMIT=60 await "$serves"
	for way in restart kill_and_start replace; do
		since=$(now)
		quietly "$way"
		LIMIT=60 await "$serves" || fail "$way: the example does not serve"
		figure "$way: serves after $(($(now) - since)) ms"
	done
	LIMIT=30 await all_healthy
}

nginx_serves()
{
	passing app && passing nginx &&
		[[ $(curl -sf "http://127.0.0.1:$(compose_port nginx 8080)/") == "hello from "* ]]
}

@test "nginx" {
	survives nginx_serves
}

singleton_serves()	# a turn was taken since
{
	local turn

	turn=$(docker exec "$(containers scheduler)" tail -n 1 /work/turns | cut -d ' ' -f 1) && [[ $turn ]] &&
		(($(date -ud "$turn" +%s%3N) > since))
}

@test "singleton" {
	example=$engine_root/examples/singleton
	survives singleton_serves
}

mysql_serves()		# a row was written since, through haproxy
{
	local rows

	passing mysql && passing mysql-primary &&
		rows=$(docker logs --since "$((since / 1000 + 1))" --tail 1 "$(containers writer)") && [[ $rows == [1-9]*" acknowledged"* ]]
}

@test "mysql" {
	example=$engine_root/examples/mysql
	survives mysql_serves
}

acme_serves()		# over TLS, with the authority's certificate
{
	passing nginx && curl -sSk "https://127.0.0.1:$(compose_port nginx 8443)/" |
		grep -q 'hello from' &&
		docker exec "$(containers nginx)" acme health >/dev/null
}

@test "acme" {
	example=$engine_root/examples/acme
	survives acme_serves
}
