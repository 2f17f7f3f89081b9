# Wrong templates, odd data, failing checks and commands: the present file stays.

load templates

setup_file()
{
	start_consul --config '{"log_level": "warn", "limits": {"http_max_conns_per_client": 1000}}'
}

is_gone()
{
	! kill -0 "$1" 2>/dev/null
}

bad()			# TEXT PLACE WORDS: the template is refused, by `check` and by `run`
{
	printf '%b' "$1" >"$dir/bad.ctmpl"
	templates_config <<<"$(entry bad)" >"$dir/bad.conf"
	expect_code_of 65 "$pilotfish" check -c "$dir/bad.conf"
	[[ $output == *"templates[bad].source: $dir/bad.ctmpl:$2"*"$3"* ]] || fail "$1: $output"
	[[ ${lines[2]-} =~ ^\ *\^$ ]] || fail "$1: no caret: $output"
	expect_code_of 78 "$pilotfish" -c "$dir/bad.conf"
	[[ $output == *"bad.ctmpl:$2"*"$3"* && ! -e $dir/bad ]]
}

@test "a syntax error names its line, and nothing starts" {
	bad '{{ if }}{{ end }}' 1: 'missing value for if'
	bad 'a\n\n{{ range service "x" }}\n{{ .Port }}\n' 5: 'end'
	bad 'a\n{{ end }}\n' 2: 'end'
	bad 'a\n{{ key "x }}\n' 2: 'unterminated'
	bad 'a\nb\n{{ key `x\n' 3: 'unterminated'
	bad 'a\n{{/* never\n\n' 2: 'comment'
	bad '\n\n\n{{ $x }}' 4: '$x'
	bad '\n{{ (key "a" }}' 2: 'paren'
	bad '{{ else }}' 1: 'else'
	bad '{{ with key "a" }}\n{{ break }}{{ end }}' 2: 'break'
	bad '{{ define }}{{ end }}' 1: 'define'
	bad '{{ template }}' 1: 'template'
	bad 'x\ny {{ 1x }}' 2: 'number'
	bad "x\n{{ 'ab' }}" 2: 'character'
	bad 'x\n{{ "\\q" }}' 2: ''
}

@test "an unknown function is named" {
	bad 'a\n{{ scratchh "x" }}' 2: 'scratchh'
}

@test "a runtime error is logged with its place; jobs and other templates continue" {
	put exec/key one
	template deep <<<'{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}'
	template vast <<<'{{ range loop 100000 }}{{ range loop 10000 }}0123456789{{ end }}{{ end }}'
	template none <<<$'\n{{ template "nowhere" }}'
	template fine <<<'{{ key "exec/key" }}'
	start_templates <<<"$(entry deep), $(entry vast), $(entry none), $(entry fine)"
	expect_file fine one
	expect_log "deep.ctmpl:1:.*(deep|nested|calls|recursion)"
	expect_log "none.ctmpl:2:.*nowhere"
	LIMIT=30 expect_log "vast.ctmpl:1:.*(output|too|limit)"
	for name in deep vast none; do
		expect_log "\"template.$name\",\"event\":\"unhealthy\""
		[[ ! -e $dir/$name ]]
	done
	put exec/key two
	expect_file fine two
	at_most 300000 "$(rss_of "$pid")"
}

@test "an index out of range is an error only when all data is there" {
	template index <<<'{{ key "range/key" }} {{ (index (service "range") 1).Port }}'
	register range range-1 81
	put range/mark 0
	template mark <<<'{{ key "range/mark" }}'
	start_templates <<<"$(entry index), $(entry mark)"
	expect_file mark 0
	refute_events "template.index unhealthy"
	refute_log 'index.ctmpl'
	put range/key one
	expect_events "template.index unhealthy"
	expect_log 'index.ctmpl:1:.*index out of range'
	[[ ! -e $dir/index ]]
	register range range-2 82
	expect_events "template.index healthy" "template.index rendered"
	expect_file index "one 82"
	mark
	deregister range-2
	expect_events "template.index unhealthy"
	has_file index "one 82"
	[[ $(count_log 'index.ctmpl:1') == 1 ]]
}

@test "errorOnMissingKey: a key that the map lacks" {
	put strict/json '{ "a": 1 }'
	template lax <<<'{{ with $d := key "strict/json" | parseJSON }}{{ $d.a }} {{ $d.b }}{{ end }}'
	cp "$dir/lax.ctmpl" "$dir/strict.ctmpl"
	start_templates <<<"$(entry lax), $(entry strict 'errorOnMissingKey = true;')"
	expect_file lax "1 <no value>"
	expect_log '"template.strict","event":"unhealthy"'
	expect_log 'strict.ctmpl:1:.*map has no entry for key .*b'
	[[ ! -e $dir/strict ]]
	put strict/json '{ "a": 1, "b": 2 }'
	expect_file strict "1 2"
}

@test "a value that is not UTF-8 is written byte for byte" {
	printf 'a\xff\xfe\x80z\xc3' >"$dir/bytes"
	consul_put /v1/kv/odd/bytes "@$dir/bytes"
	template odd <<<'{{ key "odd/bytes" }}'
	start_templates <<<"$(entry odd)"
	expect_events "template.odd rendered"
	cmp "$dir/odd" <(cat "$dir/bytes"; echo)
}

@test "a hanging check is killed and retried until it succeeds" {
	put hang/key one
	template hang <<<'{{ key "hang/key" }}'
	echo former >"$dir/hang"
	start_templates <<<"$(entry hang "check = { exec = [ \"sh\", \"-c\",
		\"echo x >>$dir/tries; test -e $dir/go || exec sleep 1000\" ]; timeout = \"200ms\"; };")"
	expect_events "template.hang unhealthy"
	expect_log 'template.hang: the check refused it .took too long., .*hang is kept'
	has_file hang former
	touch "$dir/go"
	expect_events "template.hang healthy" "template.hang changed"
	expect_file hang one
	[[ $(wc -l <"$dir/tries") -ge 2 ]]
	[[ $(count_log 'took too long') == 1 ]]
}

@test "a check that cannot be started, and a check that is killed" {
	template file <<<'text'
	cp "$dir/file.ctmpl" "$dir/shot.ctmpl"
	cp "$dir/file.ctmpl" "$dir/mode.ctmpl"
	echo 'echo x' >"$dir/noexec"
	start_templates <<<"$(entry file "check = \"/nowhere/check %f\";"), $(entry mode "check = \"$dir/noexec %f\";"),
		$(entry shot 'check = [ "sh", "-c", "kill -9 $$" ];')"
	expect_log 'template.file: .*cannot start its check.*No such file'
	expect_log 'template.mode: .*cannot start its check.*Permission denied'
	expect_log 'template.shot: the check refused it .*(SIGKILL|signal 9)'
	[[ ! -e $dir/file && ! -e $dir/mode && ! -e $dir/shot ]]
	[[ $(find "$dir" -name '.*pilotfish*') == "" ]]
	chmod +x "$dir/noexec"
	sed -i '1i #!/bin/sh' "$dir/noexec"
	expect_file mode text
}

@test "a FIFO as source is refused and does not block" {
	mkfifo "$dir/fifo.ctmpl"
	templates_config <<<"$(entry fifo)" >"$dir/fifo.conf"
	expect_code_of 65 "$pilotfish" check -c "$dir/fifo.conf"
	[[ $output == *"templates[fifo].source: "*"fifo.ctmpl: not a regular file"* ]]
}

@test "TERM while a check hangs: pilotfish ends at once and leaves nothing" {
	template stuck <<<'text'
	start_templates <<<"$(entry stuck "check = [ \"sh\", \"-c\", \"echo \$\$ >$dir/check.pid; exec sleep 1000\" ];")"
	await [ -s "$dir/check.pid" ]
	stop_pilotfish
	expect_code 0
	at_most 1000 "$took"
	await is_gone "$(<"$dir/check.pid")"
	[[ ! -e $dir/stuck && $(find "$dir" -name '.*pilotfish*') == "" ]]
}

@test "a check with endless output costs no memory" {
	template loud <<<'text'
	start_templates <<<"$(entry loud 'check = { exec = [ "sh", "-c", "tr \"\\\\0\" x </dev/zero | head -c 300000000; exit 1" ]; };')"
	LIMIT=30 expect_log 'template.loud: the check refused it .exit code 1., .*: xxxx'
	at_most 100000 "$(rss_of "$pid")"
	[[ $(grep -c . "$dir/main.log") -lt 200 ]]
}
