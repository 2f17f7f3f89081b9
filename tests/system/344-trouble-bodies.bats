# Consul answers, but with what is no answer.

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
