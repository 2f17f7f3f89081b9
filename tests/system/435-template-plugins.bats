# Programs that a template runs while it is rendered.

load templates

setup_file()
{
	start_consul
}

script()		# NAME <<TEXT
{
	{ echo '#!/bin/bash'; cat; } >"$dir/$1"
	chmod +x "$dir/$1"
}

runs()			# prints how often the scripts have run
{
	wc -l <"$dir/runs"
}

@test "its output is trimmed; equal commands run once for a text, and again for the next" {
	script count <<-EOF
		echo "\$*" >>$dir/runs
		echo; echo "  \$1=\${#2} "
	EOF
	put plugin/value abc
	template t <<-EOF
		{{ plugin "$dir/count" " a " (key "plugin/value") }} {{ key "plugin/value" | plugin "$dir/count" "a" -}}
		{{ range loop 3 }} {{ plugin "$dir/count" "b" "x" }}{{ end }}
	EOF
	start_templates <<<"$(entry t)"
	expect_file t 'a=3 a=3 b=1 b=1 b=1'
	[[ $(runs) == 2 ]]
	put plugin/value abcde
	expect_file t 'a=5 a=5 b=1 b=1 b=1'
	[[ $(runs) == 4 ]]
}

@test "a program that fails: the log says why, the file stays, and the template runs it again" {
	script picky <<-EOF
		[[ -e $dir/fine ]] || { echo "not yet" >&2; exit 3; }
		echo warned >&2
		echo fine
	EOF
	echo old >"$dir/t"
	template t <<<"{{ plugin \"$dir/picky\" }}"
	template none <<<'{{ plugin "/no/such/program" }}'
	start_templates <<<"$(entry t), $(entry none)"
	expect_log 'template t: .*t.ctmpl:1:4: plugin: exit code 3: not yet'
	expect_log 'template none: .*none.ctmpl:1:4: plugin: .*No such file'
	[[ $(<"$dir/t") == old && ! -e $dir/none ]]
	touch "$dir/fine"
	LIMIT=40 expect_file t fine
}

@test "a slow program holds nothing up, and is killed in the end; a large output is cut" {
	script endless <<<'exec sleep 1000'
	script large <<<'yes | head -c 3000000'
	template slow <<<"{{ plugin \"$dir/endless\" }}"
	template large <<<"{{ plugin \"$dir/large\" | len }}"
	put plugin/other 1
	template other <<<'{{ key "plugin/other" }}'
	start_templates <<<"$(entry slow), $(entry large), $(entry other)"
	expect_file large 1048575
	for value in 2 3 4 5; do
		put plugin/other $value
		expect_file other $value
	done
	LIMIT=45 expect_log 'template slow: .*plugin: takes longer than 30 s'
	[[ ! -e $dir/slow ]]
	stop_pilotfish
	expect_code 0
}

@test "a program does not get Consul's token; a stop ends it; render -t runs it once" {
	script show <<<'env | grep -c CONSUL_HTTP_TOKEN'
	script sleeper <<-EOF
		echo \$\$ >$dir/pid
		exec sleep 1000
	EOF
	template show <<<"{{ plugin \"/bin/sh\" \"-c\" \"env | grep -c CONSUL_HTTP_TOKEN; true\" }}"
	CONSUL_HTTP_TOKEN=secret run -0 "$pilotfish" render --once --consul-addr "$consul_address" \
		-t "$dir/show.ctmpl:$dir/show.out"
	[[ $(<"$dir/show.out") == 0 ]]
	template sleep <<<"{{ plugin \"$dir/sleeper\" }}"
	start_templates <<<"$(entry sleep)"
	await test -s "$dir/pid"
	sleeper=$(<"$dir/pid")
	stop_pilotfish
	expect_code 0
	! kill -0 "$sleeper" 2>/dev/null || fail "the program still runs"
}
