# Consul answers with errors, or closes the connection.
# plain

load lib
load measure
load trouble

setup()
{
	begin_fake_trouble
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

@test "the connection is closed instead of an answer" {
	play close 'consul at .* does not answer: the connection was lost'
	expect_log 'consul at .* answers again after'
}

@test "the connection is reset" {
	play reset 'consul at .* does not answer: '
}
