# `pilotfish import`: files of other programs become configurations that pass check and run.
# plain

load lib

imported()		# PATH: makes $dir/main.conf of it, which passes check
{
	"$pilotfish" import "$1" >"$dir/main.conf" || return
	"$pilotfish" check -c "$dir/main.conf"
}

@test "supervisord: programs run with their environment, a second file and a number each" {
	mkdir "$dir/conf.d"
	cat >"$dir/supervisord.conf" <<-'EOF'
		[supervisord]
		nodaemon=true
		[program:web]
		command=sh -c "echo $GREETING from web; exec sleep 1000" ; inline
		environment=GREETING="it's, %(ENV_WORD)s {{x}}"
		autorestart=true
		[include]
		files = conf.d/*.conf
	EOF
	cat >"$dir/conf.d/worker.conf" <<-'EOF'
		; the queue
		[program:worker]
		command=sh -c 'echo number %(process_num)d'
		process_name=%(program_name)s_%(process_num)02d
		numprocs=2
		autorestart=false
	EOF
	export WORD='"a" \q'
	imported "$dir/supervisord.conf"
	grep -qxF '  # the queue' "$dir/main.conf"
	start_pilotfish -c "$dir/main.conf"
	for line in 'number 0' 'number 1' "it's, \\\"a\\\" \\\\q {{x}} from web"; do
		await grep -qF "\"$line\"" "$dir/main.log"
	done
	refute_events "web exitFailed"
}

@test "s6-overlay: a oneshot, a service that says that it is ready, and one that needs both" {
	local rc=$dir/s6-rc.d

	mkdir -p "$rc"/{db,init,app/dependencies.d,user/contents.d}
	echo longrun | tee "$rc/db/type" >"$rc/app/type"
	echo oneshot >"$rc/init/type"
	echo bundle >"$rc/user/type"
	touch "$rc"/app/dependencies.d/{db,init} "$rc/user/contents.d/app"
	echo 3 >"$rc/db/notification-fd"
	echo 'sh -c "echo initialised"' >"$rc/init/up"
	printf '#!/bin/sh\necho >&3\nexec sleep 1000\n' >"$rc/db/run"
	printf '#!/bin/sh\necho app runs\nexec sleep 1000\n' >"$rc/app/run"
	printf '#!/bin/sh\necho finished $3\n' >"$rc/app/finish"
	chmod +x "$rc"/*/{run,finish} 2>/dev/null || :
	imported "$rc"
	start_pilotfish -c "$dir/main.conf"
	expect_events "app running"
	mark
	stop_pilotfish
	expect_code 0
	expect_log "finished app"
}

@test "consul-template: a template of Consul's data, and its program, which is told of a change" {
	export PILOTFISH_SOCKET=$dir/socket PATH=${pilotfish%/*}:$PATH
	start_consul
	consul_put /v1/kv/colour red
	cat >"$dir/template.hcl" <<-EOF
		consul { address = "$consul_address" }
		template {
		  contents    = <<-EOT
		    colour {{ key "colour" }} { {{ "\${x}" }} }
		    EOT
		  destination = "$dir/out"
		  perms       = 0600
		}
		exec {
		  command       = "sh -c 'trap \"cat $dir/out\" HUP; while :; do sleep 0.1; done'"
		  reload_signal = "SIGHUP"
		}
	EOF
	imported "$dir/template.hcl"
	start_pilotfish -c "$dir/main.conf"
	expect_events "template.out rendered" "sh running"
	[ "$(cat "$dir/out")" = 'colour red { ${x} }' ]
	[ "$(stat -c %a "$dir/out")" = 600 ]
	consul_put /v1/kv/colour blue
	expect_log 'colour blue'
}

refused()		# CODE MESSAGE PATH
{
	run "-$1" --separate-stderr "$pilotfish" import "$3"
	[ "$stderr" = "pilotfish: $2" ] || fail "$stderr"
	[ -z "$output" ]
}

@test "what cannot be imported has a message" {
	echo 'jobs = ( );' >"$dir/x"
	mkdir "$dir/empty"
	mkfifo "$dir/fifo"
	printf '[program:a]\ncommand="\n' >"$dir/wrong"
	printf '[program:a]\ncommand=a\0b\n' >"$dir/binary"
	formats="a configuration of ContainerPilot, a configuration of supervisord, a configuration of consul-template or a folder of services of s6-overlay"
	refused 65 "$dir/x: found a file of no known format, expected $formats" "$dir/x"
	refused 65 "$dir/empty: found a folder of no known format, expected $formats" "$dir/empty"
	refused 65 "$dir/wrong:2:9: found command = \"\"\", expected a command whose quotes are closed" "$dir/wrong"
	refused 65 "$dir/binary:2: found a NUL byte, expected text" "$dir/binary"
	refused 66 "cannot read $dir/none: No such file or directory" "$dir/none"
	refused 66 "cannot read $dir/fifo: not a regular file" "$dir/fifo"
}
