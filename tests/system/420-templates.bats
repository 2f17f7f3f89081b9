# The life of a template: it waits for its data, is written, and is written again after changes.

load templates

setup_file()
{
	start_consul --config '{"log_level": "warn", "limits": {"http_max_conns_per_client": 1000}}'
}

take='cat >>$dir/documents; echo >>$dir/documents; env | grep ^PILOTFISH_ | sort >$dir/environment'

has_line()		# FILE TEXT
{
	grep -qsxF -- "$2" "$dir/$1"
}

has_lines()		# FILE N
{
	[[ $(wc -l <"$dir/$1") -ge $2 ]] 2>/dev/null
}

is_later_than()		# SECOND
{
	(($(date +%s) > $1))
}

@test "nothing is written before all data is there; then the jobs that need it start" {
	template late <<<'{{ key "late/a" }} {{ key "late/b" }}{{ range service "late" }} {{ .Port }}{{ end }}'
	start_templates "{ name = \"server\"; exec = [ \"sh\", \"-c\", \"cat $dir/late; exec sleep 1000\" ];
			   needs = [ \"template.late rendered\" ]; }" <<<"$(entry late)"
	expect_events "app running"
	put late/a one
	register late late-1 81
	put late/other x
	expect_log '"app","event":"running"'
	[[ ! -e $dir/late ]]
	refute_events "server running" "template.late rendered" "template.late unhealthy"
	put late/b two
	expect_events "template.late rendered" "server running"
	expect_file late "one two 81"
	expect_log '"one two 81"'
	refute_events "template.late changed" "template.late unhealthy"
	[[ $(stat -c %a "$dir/late") == 644 ]]
}

@test "the command runs after a change, with the event on its standard input" {
	put run/key one
	template run <<<'{{ key "run/key" }}'
	start_templates <<<"$(entry run "exec = [ \"sh\", \"-c\", \"$take\" ];")"
	expect_events "template.run rendered"
	put run/key two
	expect_events "template.run changed" "run.exec running" "run.exec exitSuccess"
	expect_file run two
	[[ $(jq -c . "$dir/documents") == "{\"source\":\"template.run\",\"event\":\"settled\",\"destination\":\"$dir/run\"}" ]]
	[[ $(<"$dir/environment") == *PILOTFISH_EVENT=settled*PILOTFISH_JOB=run.exec*PILOTFISH_SOURCE=template.run* ]]
	[[ $(count_events "template.run rendered") == 1 && $(count_events "run.exec running") == 1 ]]
}

@test "a file with the right text is not written, and that is no change" {
	put same/key one
	put same/mark 0
	template same <<<'{{ key "same/key" }}'
	template mark <<<'{{ key "same/mark" }}'
	echo one >"$dir/same"
	touch -d @1000000000 "$dir/same"
	start_templates <<<"$(entry same 'exec = "true";'), $(entry mark)"
	expect_events "template.same rendered"
	[[ $(stat -c %Y "$dir/same") == 1000000000 ]]
	# The same text from other data is no change either.
	put same/key one
	put same/mark 1
	expect_file mark 1
	refute_events "template.same changed" "same.exec running"
	[[ $(writes same) == 0 ]]
}

@test "a file with a different text is replaced, and that is a change" {
	put other/key one
	template other <<<'{{ key "other/key" }}'
	echo former >"$dir/other"
	start_templates <<<"$(entry other 'exec = "true";')"
	expect_events "template.other changed" "template.other rendered" "other.exec exitSuccess"
	expect_file other one
}

@test "a failing command is retried until it succeeds" {
	put retry/key one
	template retry <<<'{{ key "retry/key" }}'
	echo former >"$dir/retry"
	start_templates <<<"$(entry retry "exec = { exec = [ \"sh\", \"-c\", \"echo x >>$dir/tries; test \$(wc -l <$dir/tries) = 3\" ];
		backoff = { min = \"20ms\"; max = \"50ms\"; }; };")"
	expect_events "retry.exec exitFailed" "retry.exec exitFailed" "retry.exec exitSuccess"
	[[ $(wc -l <"$dir/tries") == 3 ]]
}

@test "changes while the command runs lead to one more run" {
	put busy/key 1
	template busy <<<'{{ key "busy/key" }}'
	start_templates <<<"$(entry busy "exec = [ \"sh\", \"-c\", \"cat $dir/busy >>$dir/seen; while [ ! -e $dir/go ]; do sleep 0.02; done\" ];")"
	expect_events "template.busy rendered"
	put busy/key 2
	expect_events "template.busy changed" "busy.exec running"
	await has_lines seen 1
	for n in 3 4 5; do
		put busy/key $n
		expect_events "template.busy changed"
	done
	touch "$dir/go"
	expect_events "busy.exec exitSuccess" "busy.exec exitSuccess"
	[[ $(tr '\n' ' ' <"$dir/seen") == "2 5 " ]]
}

@test "a command of several templates runs once for all that change together, when all are written" {
	put group/key 1
	for name in a b c; do
		template "$name" <<<"$name {{ key \"group/key\" }}"
	done
	command="cat $dir/a $dir/b $dir/c | tr '\\n' ' ' >>$dir/seen; echo >>$dir/seen"
	command="exec = [ \"sh\", \"-c\", \"$command\" ];"
	start_templates <<<"$(entry a "$command"), $(entry b "$command"), $(entry c "$command check = \"sleep 0.3\";")"
	for name in a b c; do
		expect_log "\"template.$name\",\"event\":\"rendered\""
	done
	put group/key 2
	expect_log '"a.exec","event":"exitSuccess"'
	for n in 3 4 5 6; do
		put group/key $n
	done
	await has_line seen "a 6 b 6 c 6 "
	has_file seen "$(sort -u "$dir/seen")"
	at_most 5 "$(count_events "a.exec running")"
	[[ $(head -n 1 "$dir/seen") == "a 2 b 2 c 2 " && $(count_events "[bc].exec running") == 0 ]]
}

@test "templates share the query of a common dependency, and only its users are rendered again" {
	start_fake_consul
	curl -sS -X PUT -d 1 "$fake_address/v1/kv/shared"
	curl -sS -X PUT -d a "$fake_address/v1/kv/alone"
	for name in first second; do
		template "$name" <<<"$name {{ key \"shared\" }} {{ key \"shared\" }}"
	done
	template third <<<'{{ key "alone" }} {{ timestamp "unix" }}'
	consul_address=$fake_address start_templates \
		<<<"$(entry first 'exec = "true";'), $(entry second 'exec = "true";'), $(entry third 'exec = "true";')"
	for name in first second third; do
		expect_log "\"template.$name\",\"event\":\"rendered\""
	done
	third=$(<"$dir/third")
	await is_later_than "${third#a }"	# so that a second time would show
	fake forget
	mark
	curl -sS -X PUT -d 2 "$fake_address/v1/kv/shared"
	expect_file first "first 2 2"
	expect_file second "second 2 2"
	expect_log '"first.exec","event":"exitSuccess"'
	refute_events "template.third changed" "third.exec running"
	# The question after the news; the fake agent wakes all that wait, so one more may have been answered.
	at_most 2 "$(fake 'requests?path=/v1/kv/shared' | jq '[.[] | select(.method == "GET")] | length')"
	has_file third "$third"
}

@test "a dependency that is found later does not delay the file" {
	put chain/which a
	put chain/next/a b
	put chain/last/b end
	template chain <<<'{{ key (printf "chain/last/%s" (key (printf "chain/next/%s" (key "chain/which")))) }}'
	start_templates <<<"$(entry chain)"
	LIMIT=2 expect_events "template.chain rendered"
	expect_file chain end
	put chain/next/c d
	put chain/last/d other
	put chain/which c
	LIMIT=2 expect_events "template.chain changed"
	expect_file chain other
	refute_log "waiting for"
}

@test "an unused dependency is no longer watched" {
	start_fake_consul
	curl -sS -X PUT -d a "$fake_address/v1/kv/which"
	curl -sS -X PUT -d 1 "$fake_address/v1/kv/of/a"
	curl -sS -X PUT -d 2 "$fake_address/v1/kv/of/b"
	template chain <<<'{{ key (printf "of/%s" (key "which")) }}'
	consul_address=$fake_address start_templates <<<"$(entry chain)"
	expect_file chain 1
	curl -sS -X PUT -d b "$fake_address/v1/kv/which"
	expect_file chain 2
	fake forget
	curl -sS -X PUT -d 3 "$fake_address/v1/kv/of/b"
	expect_file chain 3
	[[ $(fake 'requests?path=/v1/kv/of/a' | jq '[.[] | select(.method == "GET")] | length') == 0 ]]
}

@test "a burst of changes leads to few writes, the last with the last data" {
	put burst/key 0
	template burst <<<'{{ key "burst/key" }}'
	start_templates <<<"$(entry burst 'wait = { min = "200ms"; max = "1s"; };')"
	expect_events "template.burst rendered"
	mark
	for n in {1..20}; do
		put burst/key "$n"
	done
	expect_file burst 20
	[[ $(writes burst) -le 3 ]]
}

@test "wait.max: changes without a pause are written nevertheless" {
	local end n=0

	put flood/key 0
	template flood <<<'{{ key "flood/key" }}'
	start_templates <<<"$(entry flood 'wait = { min = "290ms"; max = "300ms"; };')"
	expect_events "template.flood rendered"
	mark
	end=$(($(now) + 1500))
	while (($(now) < end)); do
		put flood/key "$((++n))"
	done
	at_least 2 "$(writes flood)"
	expect_file flood "$n"
}

@test "the first file is written at once, whatever `wait` is" {
	put first/key 0
	template first <<<'{{ key "first/key" }}'
	start_templates <<<"$(entry first 'wait = { min = "1m"; };')"
	expect_file first 0
}

@test "onEmpty keep: the file stays while a service is empty, and follows it later" {
	register empty empty-1 81
	template empty <<<'{{ range service "empty" }}{{ .Port }} {{ end }}'
	start_templates <<<"$(entry empty 'onEmpty = "keep"; exec = "true";')"
	expect_file empty "81 "
	mark
	deregister empty-1
	expect_log "template.empty: $dir/empty is kept, because there are too few entries of health.service.empty|passing. .$dir/empty.ctmpl:1."
	has_file empty "81 "
	register empty empty-2 82
	expect_events "template.empty changed" "empty.exec exitSuccess"
	expect_file empty "82 "
	refute_events "template.empty unhealthy"
}

@test "onEmpty render: an empty service empties the file" {
	register gone gone-1 81
	template gone <<<'{{ range service "gone" }}{{ .Port }} {{ else }}none{{ end }}'
	start_templates <<<"$(entry gone)"
	expect_file gone "81 "
	deregister gone-1
	expect_file gone none
}

@test "minInstances: with fewer instances the file is kept" {
	register few few-1 81
	template few <<<'{{ range service "few" }}{{ .Port }} {{ end }}'
	start_templates <<<"$(entry few 'minInstances = 2;')"
	expect_log 'template.few: .*is kept, because there are too few entries of health.service.few'
	[[ ! -e $dir/few ]]
	register few few-2 82
	expect_file few "81 82 "
	mark
	deregister few-1
	expect_log 'template.few: .*is kept'
	has_file few "81 82 "
	register few few-3 83
	expect_file few "82 83 "
}

@test "Consul restarts without its data: the file stays until there is new data" {
	start_consul -n short --config '{"log_level": "warn"}'
	register kept kept-1 81
	put kept/key one
	template kept <<<'{{ key "kept/key" }}{{ range service "kept" }} {{ .Port }}{{ end }}'
	consul_keys='settle = "500ms";' start_templates \
		<<<"$(entry kept "onEmpty = \"keep\"; exec = [ \"sh\", \"-c\", \"cat $dir/kept >>$dir/seen\" ];")"
	expect_file kept "one 81"
	mark
	kill_consul
	expect_events "consul unhealthy"
	consul_run
	expect_events "consul healthy"
	has_file kept "one 81"
	put kept/key two
	register kept kept-2 82
	expect_file kept "two 82"
	await has_line seen "two 82"
	# Together for a while, as a set only grows for `settle`.
	run ! grep -vxE '(one|two) 8[12]( 82)?' "$dir/seen"
}

@test "a check decides: by %f and PILOTFISH_FILE" {
	put check/key good
	cat >"$dir/judge" <<-'EOF'
		#!/bin/sh
		[ "$1" = "--file=$PILOTFISH_FILE" ] || { echo "not the same"; exit 2; }
		grep -q good "$PILOTFISH_FILE" || { echo "no good"; exit 3; }
		grep -qs good "$dir/check"
		echo "former: $?" >>"$dir/judged"
	EOF
	chmod +x "$dir/judge"
	template check <<<'{{ key "check/key" }}'
	start_templates <<<"$(entry check "check = \"$dir/judge --file=%f\"; exec = \"true\";")"
	expect_events "template.check rendered"
	expect_file check good
	put check/key bad
	expect_events "template.check unhealthy"
	expect_log 'template.check: the check refused it .*3.*is kept: no good'
	has_file check good
	put check/key "good again"
	expect_events "template.check healthy" "template.check changed" "check.exec exitSuccess"
	expect_file check "good again"
	[[ $(<"$dir/judged") == $'former: 2\nformer: 0' || $(<"$dir/judged") == $'former: 1\nformer: 0' ]]
	[[ $(find "$dir" -name '.*pilotfish*') == "" ]]
}

@test "a change during a check is rendered after it" {
	put news/key 1
	template news <<<'{{ key "news/key" }}'
	start_templates <<<"$(entry news "check = [ \"sh\", \"-c\", \"cat %f >>$dir/checked; while [ ! -e $dir/go ]; do sleep 0.02; done\" ];")"
	await has_lines checked 1
	put news/key 2
	put news/mark 1
	touch "$dir/go"
	expect_file news 2
	expect_events "template.news rendered"
}
