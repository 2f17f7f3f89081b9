# Consul answers 200 with a wrong body.
# plain

load lib
load measure
load trouble

setup()
{
	begin_fake_trouble
}

@test "a page of HTML" {
	play html 'consul cannot serve watch.db: .*not JSON'
}

@test "bytes that are not JSON" {
	play garbage 'consul cannot serve watch.db: .*not JSON'
}

@test "JSON of an unexpected form" {
	play shape 'consul cannot serve watch.db: .*not a list'
}

@test "truncated JSON" {
	play truncated 'consul cannot serve watch.db: '
}

@test "a sudden empty set, and no answer about our rights" {
	play empty 'consul cannot serve watch.db: no answer about our rights'
}

@test "an empty set because of a token without rights" {
	play denied 'consul refuses our token for watch.db: no right to read service .*db.*so the last set stays'
}
