# A reload replaces changed templates and leaves the others alone.

load templates

setup_file()
{
	start_consul --config '{"log_level": "warn", "limits": {"http_max_conns_per_client": 1000}}'
}

reload()		# [JOBS] <<<ENTRIES
{
	mark
	templates_config "${1-}" >"$dir/main.conf"
	signal_pilotfish HUP
	expect_events "global reloaded"
}

@test "a changed template is replaced, an unchanged one is left alone" {
	put two/key one
	template new <<<'old {{ key "two/key" }}'
	template same <<<'same {{ key "two/key" }}'
	start_templates <<<"$(entry new "exec = [ \"sh\", \"-c\", \"cat $dir/new >>$dir/seen\" ];"), $(entry same)"
	expect_file new "old one"
	expect_file same "same one"
	app=$(pgrep -P "$pid" sleep)
	template new <<<'new {{ key "two/key" }}'
	mark
	signal_pilotfish HUP
	expect_events "global reloaded" "template.new changed" "new.exec exitSuccess"
	expect_file new "new one"
	[[ $(writes same) == 0 ]]
	refute_events "template.same rendered" "app stopped"
	[[ $(pgrep -P "$pid" sleep) == "$app" ]]
	# Both go on.
	put two/key two
	expect_file new "new two"
	expect_file same "same two"
	expect_events "new.exec exitSuccess"
	[[ $(<"$dir/seen") == $'new one\nnew two' ]]
}

@test "a template with an error makes the reload fail; the old one continues" {
	put error/key one
	template error <<<'old {{ key "error/key" }}'
	start_templates <<<"$(entry error)"
	expect_file error "old one"
	template error <<<'{{ if }}'
	signal_pilotfish HUP
	expect_log 'not reloaded, the old configuration stays: .*error.ctmpl:1:.*missing value for if'
	rm "$dir/error.ctmpl"
	signal_pilotfish HUP
	expect_log 'not reloaded, the old configuration stays: .*error.ctmpl: No such file'
	put error/key two
	expect_file error "old two"
}

@test "templates come and go with their dependencies" {
	put come/key one
	template one <<<'{{ key "come/key" }}'
	template two <<<'{{ key "come/key" }}{{ key "come/key2" }}'
	start_templates <<<"$(entry one)"
	expect_file one one
	put come/key2 .
	reload <<<"$(entry two)"
	expect_file two one.
	put come/key three
	expect_file two three.
	has_file one one
	reload <<<"$(entry one), $(entry two)"
	expect_file one three
	reload <<<""
	refute_events "app stopped"
	stop_pilotfish
	expect_code 0
}

@test "a job that needs a replaced template keeps waiting, and starts when it is rendered" {
	put need/key one
	template need <<<'{{ key "need/key" }}{{ key "need/missing" }}'
	server='{ name = "server"; exec = "sleep 1000"; needs = [ "template.need rendered" ]; }'
	start_templates "$server" <<<"$(entry need)"
	expect_events "app running"
	template need <<<'{{ key "need/key" }}'
	reload "$server" <<<"$(entry need)"
	expect_events "template.need rendered" "server running"
	template need <<<'again {{ key "need/key" }}'
	reload "$server" <<<"$(entry need)"
	expect_file need "again one"
	refute_events "server stopped" "server running"
}

@test "a new Consul: its data is used from then on" {
	put which first
	template which <<<'{{ key "which" }}'
	start_templates <<<"$(entry which)"
	expect_file which first
	start_consul -n second --config '{"log_level": "warn"}'
	put which second
	mark
	templates_config <<<"$(entry which)" >"$dir/main.conf"
	signal_pilotfish HUP
	expect_file which second
	put which third
	expect_file which third
}

@test "Consul removed: the log says so, and the file stays" {
	put lost/key one
	template lost <<<'{{ key "lost/key" }}'
	start_templates <<<"$(entry lost)"
	expect_file lost one
	write_config <<-EOF
		jobs = ( { name = "app"; exec = "sleep 1000"; } );
		templates = ( $(entry lost) );
	EOF
	signal_pilotfish HUP
	expect_events "global reloaded" "template.lost unhealthy"
	expect_log 'template.lost: this configuration has no consul'
	has_file lost one
}
