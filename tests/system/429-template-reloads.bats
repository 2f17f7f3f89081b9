# Reloads of real servers with the examples' files: however fast the changes follow one another, the last one is served.
# serial unless sanitized

load templates

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
}

# Starts the example in FOLDER, whose template is NAME, with files and ports of this test.
start_example()		# FOLDER NAME SED-OPTION...
{
	local folder=$root/examples/$1
	local edits=(-e "s|consul:8500|$consul_address|; s|/etc/[a-z]*/$2.ctmpl|$dir/$2.ctmpl|; s|/run/[a-z]*/|$dir/|g" "${@:3}")

	sed "${edits[@]}" "$folder/$2.ctmpl" >"$dir/$2.ctmpl"
	mkfifo "$dir/pause"
	export PATH="$folder:$PATH"
	"$pilotfish" render -c "$folder/pilotfish.conf" | sed "${edits[@]}" | start_pilotfish -l
}

backend_up()
{
	printf '200\nserved\n' >"$dir/answer"
	start_program backend "$lib/helpers/web.py" "$backend" "$dir/answer"
	await_port "$backend"
}

is_served()		# PORT
{
	[[ $(curl -s --max-time 1 "http://127.0.0.1:$1/") == served ]]
}

# As `register`, but forks nothing: on a busy machine that takes longer than the time between two changes.
move()		# SERVICE PORT
{
	local body status address=${consul_address#http://}

	body="{\"Name\": \"$1\", \"ID\": \"$1-1\", \"Address\": \"127.0.0.1\", \"Port\": $2}"
	exec 4<>"/dev/tcp/${address/://}"
	printf 'PUT /v1/agent/service/register HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' ${#body} "$body" >&4
	read -r status <&4
	[[ $status == "HTTP/1.0 200 OK"* ]]
	exec 4>&-
}

# Sets $took: milliseconds until the backend is served.
move_to_backend()		# SERVICE PORT
{
	local since

	! is_served "$2"
	since=$(now)
	move "$1" "$backend"
	LIMIT=30 await is_served "$2"
	took=$(($(now) - since))
}

# The service moves along ports without a listener, and then to the backend.  A reload may be under way then, and
# another one follows it.
change_forty_times()		# SERVICE PORT
{
	local i single

	move_to_backend "$@"
	single=$took
	for ((i = 1; i < 40; i++)); do
		move "$1" $i
		read -rt 0.06 <>"$dir/pause" || :
	done
	move_to_backend "$@"
	echo "# figure: ${BATS_TEST_DESCRIPTION%%:*}: served $took ms after the last change, target 1000;" \
		"a single change: $single ms; load $(cut -d ' ' -f 1 /proc/loadavg)" >&3
	at_most $((1000 + 3 * single)) "$took"
}

@test "haproxy: of forty changes 60 ms apart the last one is served" {
	free_port front readers backend
	backend_up
	move mysql-primary 1
	start_example mysql/haproxy haproxy.cfg -e "s/3306/$front/; s/3307/$readers/"
	await_port "$front"
	change_forty_times mysql-primary "$front"
}

@test "nginx: of forty changes 60 ms apart the last one is served" {
	free_port front backend
	backend_up
	move app 1
	start_example nginx/nginx nginx.conf -e "s/8080/$front/"
	await_port "$front"
	change_forty_times app "$front"
}

answer_with()		# TEXT
{
	cat >"$dir/haproxy.cfg" <<-EOT
		defaults
		 mode http
		 timeout client 1s
		listen test
		 bind 127.0.0.1:$front
		 http-request return status 200 content-type text/plain string "$1"
	EOT
}

@test "haproxy: its \`reload\` ends when the new file is served, or fails" {
	local reload=("$root/examples/mysql/haproxy/reload" "$dir/master") i

	free_port front
	answer_with first
	start_program haproxy haproxy -W -S "$dir/master" -q -f "$dir/haproxy.cfg"
	for ((i = 1; i <= 10; i++)); do
		answer_with $i
		"${reload[@]}"
		[ "$(curl -s --max-time 5 "http://127.0.0.1:$front/")" = $i ]
	done
	echo 'no such line' >"$dir/haproxy.cfg"
	run "${reload[@]}"
	((status != 0))
	[ "$output" = "haproxy has refused the configuration" ]
	[ "$(curl -s --max-time 5 "http://127.0.0.1:$front/")" = 10 ]
}
