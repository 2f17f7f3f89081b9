# Consul answers, but not as it should.

load lib
load measure
load trouble

setup()
{
	start_fake_consul
	fake service '{ "ID": "db-1", "Service": "db", "Port": 5431 }'
	fake service '{ "ID": "db-2", "Service": "db", "Port": 5432 }'
	begin_trouble "$fake_address"
}

instances()		# of the last document
{
	tail -n 1 "$dir/documents" | jq -c '[.instances[].id]'
}

# The whole play: Consul answers like this for a second or two; what is expected in the log; and then it is
# well again, with news.
play()
{
	local mode=$1 words=$2 path=${3:-/v1/}

	fake forget
	fake mode "{ \"mode\": \"$mode\", \"path\": \"$path\" }"
	go_on
	[[ ! $words ]] || expect_log "$words"
	[[ $(instances) == '["db-1","db-2"]' ]]
	# However often it is refused, it does not ask oftener than ten times a second.
	at_most $((12 + ($(now) - trouble_began) / 90)) "$(fake "requests?path=/v1/health" | jq length)"
	recover
}

recover()
{
	fake service '{ "ID": "db-3", "Service": "db", "Port": 5433 }'
	fake mode '{ "mode": "ok" }'
	LIMIT=15 expect_events "watch.db changed" "db.onChange exitSuccess"
	[[ $(instances) == '["db-1","db-2","db-3"]' ]]
	consul_address=$fake_address await_passing app 1
	expect_unharmed
}

@test "500" {
	play 500 'consul cannot serve watch.db: 500 No cluster leader'
	expect_log 'consul serves watch.db again'
	[[ $(count_log 'again') -le 2 ]]
}

@test "429" {
	play 429 'consul cannot serve watch.db: 429 Your IP is issuing too many'
}

@test "503" {
	play 503 'consul cannot serve watch.db: 503 rate limit reached'
}

@test "403" {
	play 403 'consul refuses our token for watch.db: 403 Permission denied'
	expect_log 'consul refuses our token for service app'
}

@test "404 for everything" {
	play 404 ''
}

@test "400 for everything" {
	play 400 'consul rejects watch.db: 400'
}

@test "a page of HTML" {
	play html 'consul cannot serve watch.db: .*not JSON'
}

@test "bytes that are no JSON" {
	play garbage 'consul cannot serve watch.db: .*not JSON'
}

@test "JSON of another shape" {
	play shape 'consul cannot serve watch.db: .*not a list'
}

@test "JSON that breaks off" {
	play truncated 'consul cannot serve watch.db: '
}

@test "an empty set out of the blue, without a word about rights" {
	play empty 'consul cannot serve watch.db: no word about our rights'
}

@test "an empty set because of a token without rights" {
	play denied 'consul refuses our token for watch.db: no right to read service .*db.*so the last set stays'
}

@test "the connection is closed instead of an answer" {
	play close 'consul at .* does not answer: the connection was lost'
	expect_log 'consul at .* answers again after'
}

@test "the connection is reset" {
	play reset 'consul at .* does not answer: '
}
