# pilotfish render -t IN[:OUT[:COMMAND]]: templates from the command line.

load templates

setup_file()
{
	start_consul --config '{"log_level": "warn", "limits": {"http_max_conns_per_client": 1000}}'
	export CONSUL_HTTP_ADDR=$consul_address
}

render()		# CODE ARG...: `pilotfish render ARG...` ends with this code; it is run in $dir
{
	cd "$dir" || return
	run -"$1" --separate-stderr timeout -k 1 "$(limit)" "$pilotfish" render "${@:2}"
}

start_render()		# one that stays
{
	start_pilotfish render "$@"
}

@test "IN alone is printed, once" {
	put once/key 'a "value"'
	template in <<<'<{{ key "once/key" }}>'
	render 0 -t in.ctmpl --once
	[[ $output == '<a "value">' ]]
	[[ ! -e $dir/in ]]
}

@test "IN:OUT is written, and the command runs although the file is new" {
	put out/key one
	template in <<<'{{ key "out/key" }}'
	render 0 -t "in.ctmpl:deep/er/out:cp deep/er/out copy" --once
	has_file deep/er/out one
	has_file copy one
	[[ ! $output ]]
	# The same again: nothing to do.
	rm "$dir/copy"
	render 0 -t "in.ctmpl:deep/er/out:cp deep/er/out copy" --once
	[[ ! -e $dir/copy ]]
}

@test "a command is a program with arguments or a shell command" {
	template in <<<'text'
	printf '#!/bin/sh\necho "ran with $# arguments"\n' >"$dir/program"
	chmod +x "$dir/program"
	render 0 -t "in.ctmpl:out1:$dir/program" --once
	[[ $output$stderr == *"ran with 0 arguments"* ]]
	render 0 -t 'in.ctmpl:out2:cat out2 | tr a-z A-Z >"upper" && echo "$((6 * 7)):x" >sum' --once
	has_file upper TEXT
	has_file sum 42:x
}

no_connections()	# are open at Consul
{
	! ss -Htn state connected "sport = :${consul_address##*:}" | grep -q .
}

@test "--once leaves no blocking queries open at Consul" {
	put gone/key value
	template in <<<'{{ key "gone/key" }}{{ range services }}{{ .Name }}{{ end }}'
	render 0 -t in.ctmpl --once
	await no_connections
}

@test "pilotfish exits with the code of the command" {
	template in <<<'text'
	render 7 -t 'in.ctmpl:out:exit 7' --once
	has_file out text
	render 127 -t 'in.ctmpl:out2:/nowhere/program' --once
	render 137 -t 'in.ctmpl:out3:kill -9 $$' --once
}

@test "several templates: all are written before it ends" {
	put several/a 1
	put several/b 2
	template a <<<'{{ key "several/a" }}'
	template b <<<'{{ key "several/b" }}'
	render 0 -t a.ctmpl:a:'sleep 0.2; echo a >>ran' -t b.ctmpl:b:'echo b >>ran' --once
	has_file a 1
	has_file b 2
	[[ $(sort "$dir/ran" | tr '\n' ' ') == "a b " ]]
}

@test "--once waits for missing data" {
	template in <<<'{{ key "wait/key" }}'
	start_render -t "$dir/in.ctmpl:$dir/out" --once
	expect_events "consul healthy"
	[[ ! -e $dir/out ]]
	put wait/key now
	wait_exit
	expect_code 0
	has_file out now
}

@test "--once fails if it is stopped before all is written" {
	template in <<<'{{ key "never/key" }}'
	start_render -t "$dir/in.ctmpl:$dir/out" --once
	expect_events "consul healthy"
	stop_pilotfish
	expect_code 143
	[[ ! -e $dir/out ]]
}

@test "--dry prints the texts and writes nothing" {
	put dry/key one
	template in <<<'{{ key "dry/key" }}'
	echo former >"$dir/out"
	render 0 -t "in.ctmpl:out:touch ran" --dry
	[[ $output == "> $dir/out"$'\n'one ]]
	has_file out former
	[[ ! -e $dir/ran ]]
}

@test "without --once it keeps running, writes changes, and TERM ends it with 0" {
	put stay/key one
	template in <<<'{{ key "stay/key" }}'
	start_render -t "$dir/in.ctmpl:$dir/out:cat $dir/out >>$dir/seen"
	expect_file seen one
	put stay/key two
	expect_file out two
	expect_file seen $'one\ntwo'
	stop_pilotfish
	expect_code 0
	at_most 1000 "$took"
}

@test "a printed template is printed again when it changes" {
	put print/key one
	template in <<<'-{{ key "print/key" }}-'
	start_render -t "$dir/in.ctmpl"
	expect_log '^-one-$'
	put print/key two
	expect_log '^-two-$'
	stop_pilotfish INT
	expect_code 0
}

@test "HUP reads the template again; a wrong one is refused" {
	put again/key one
	template in <<<'old {{ key "again/key" }}'
	start_render -t "$dir/in.ctmpl:$dir/out"
	expect_file out "old one"
	template in <<<'new {{ key "again/key" }}'
	signal_pilotfish HUP
	expect_file out "new one"
	template in <<<'bad {{ if }}'
	signal_pilotfish HUP
	expect_log 'not reloaded.*missing value for if'
	put again/key two
	expect_file out "new two"
}

@test "without --once a failing command is retried" {
	template in <<<'text'
	start_render -t "$dir/in.ctmpl:$dir/out:echo x >>$dir/tries; test \$(wc -l <$dir/tries) = 3"
	await has_file tries $'x\nx\nx'
	expect_log '"msg":"event","source":"[^"]*exec","event":"exitSuccess"'
	stop_pilotfish
	expect_code 0
}

@test "Consul's address: the option, else the environment" {
	put addr/key found
	template in <<<'{{ key "addr/key" }}'
	CONSUL_HTTP_ADDR=127.0.0.1:1 render 0 -t in.ctmpl --once --consul-addr "$consul_address"
	[[ $output == found ]]
	CONSUL_HTTP_ADDR=${consul_address#http://} render 0 -t in.ctmpl --once
	[[ $output == found ]]
	CONSUL_HTTP_ADDR='' render 0 --once --consul-addr="${consul_address#http://}" --template in.ctmpl
	[[ $output == found ]]
}

@test "without Consul's data it needs no Consul" {
	template in <<<'{{ env "GREETING" }} {{ file "name" }}'
	echo world >"$dir/name"
	CONSUL_HTTP_ADDR=127.0.0.1:1 GREETING=hello render 0 -t in.ctmpl --once
	[[ ${lines[0]} == "hello world" ]]
}

@test "runtime errors end it with 1, syntax errors with 78" {
	template exec <<<$'a\n{{ index (parseJSON "[]") 3 }}'
	render 1 -t exec.ctmpl --once
	[[ ! $output && $stderr == *exec.ctmpl:2:*"index out of range"* ]]
	template bad <<<$'a\n{{ if }}'
	render 78 -t bad.ctmpl --once
	[[ $stderr == *bad.ctmpl:2:*"missing value for if"* ]]
	render 78 -t nowhere.ctmpl --once
	[[ $stderr == *nowhere.ctmpl*"No such file"* ]]
	mkdir "$dir/folder"
	template fine <<<'fine'
	render 1 -t fine.ctmpl:folder --once
	[[ $stderr == *"folder is a directory"* ]]
	render 78 -t folder --once
	render 1 -t fine.ctmpl:/proc/nowhere/out --once
	[[ $stderr == */proc/nowhere* ]]
}

@test "invalid specifications" {
	template in <<<'text'
	render 78 -t : --once
	[[ $stderr == *'IN[:OUT[:COMMAND]]'* ]]
	render 78 -t :out --once
	render 78 -t '' --once
	render 78 -t in.ctmpl:out -t in.ctmpl:out --once
	[[ $stderr == *"two"* ]]
	render 64 -t
	# An empty OUT, and an empty command, are none.
	render 0 -t in.ctmpl: --once
	[[ $output == text ]]
	render 0 -t in.ctmpl:out: --once
	has_file out text
}

@test "one template can become two files" {
	template in <<<'text'
	render 0 -t in.ctmpl:out1 -t in.ctmpl:out2 --once
	has_file out1 text
	has_file out2 text
}

@test "options that a verb does not have are refused" {
	template in <<<'text'
	echo 'jobs = ( { name = "app"; exec = "true"; } );' >"$dir/pilotfish.conf"
	cd "$dir"
	for arguments in "run -t in.ctmpl" "check -t in.ctmpl" "expand --once" "run --once" "--dry" "--consul-addr x" \
		"render --once" "render --dry" "render -c pilotfish.conf --once" "render --consul-addr x -c pilotfish.conf" \
		"render -c pilotfish.conf -t in.ctmpl" "render --mdoc" "options -t in.ctmpl" "options -c pilotfish.conf" \
		"version -c pilotfish.conf" "version --once" "help -t in.ctmpl" "check --mdoc"; do
		# shellcheck disable=SC2086 # several words
		expect_code_of 64 "$pilotfish" $arguments
		[[ $output == *"try \`pilotfish help\`"* ]] || fail "$arguments: $output"
	done
	expect_code_of 0 "$pilotfish" check -c pilotfish.conf
	expect_code_of 0 "$pilotfish" render -c pilotfish.conf
	expect_code_of 0 "$pilotfish" options --mdoc
}

@test "the token comes from the environment" {
	start_consul -n guarded --acl --config '{"log_level": "warn"}'
	put guarded/key secret
	template in <<<'{{ key "guarded/key" }}'
	CONSUL_HTTP_ADDR=$consul_address CONSUL_HTTP_TOKEN=$consul_token render 0 -t in.ctmpl --once
	[[ $output == secret ]]
}

@test "bytes that are not UTF-8 are refused, and shown" {
	run -78 "$pilotfish" render -t $'\xff:/out'
	[[ $output == *'"\xff:/out": the path /out is not UTF-8' ]] || fail "$output"
	run -78 "$pilotfish" render -t $'in:/out:echo \xff'
	[[ $output == *'is not UTF-8' ]] || fail "$output"
	run -78 "$pilotfish" render --consul-addr $'\xff' -t in:/out
	[[ $output == *'--consul-addr: "\xff" is not UTF-8' ]] || fail "$output"
}
