# The output of jobs arrives complete, whatever its bytes, and no slow reader blocks pilotfish.

load jobs

peak()		# the most memory of PID, in KiB
{
	field VmHWM <"/proc/$1/status"
}

@test "short lines, long lines, no newline at the end, from both streams" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = [ "printf", "one\ntwo\r\n\nfour\r\nlast" ]; },
			 { name = "err"; exec = "sh -c 'echo oops >&2'"; } );
	EOF
	wait_exit
	[[ $(said app) == $'one\ntwo\n\nfour\nlast' ]]
	expect_log '"msg":"oops","job":"err","pid":[0-9]+,"stream":"stderr"'
}

@test "a line of 10 MB arrives as a whole, in pieces that say so" {
	cat >"$dir/long.py" <<<"print('x' + '0123456789' * 1000000 + '\u00e4y'); print('short')"
	start_pilotfish <<<"jobs = ( { name = \"app\"; exec = \"python3 $dir/long.py\"; env = { PYTHONUTF8 = \"1\"; }; } );"
	LIMIT=20 wait_exit
	python3 - "$dir/main.log" <<-'EOF'
		import json, sys
		lines = [r for r in map(json.loads, open(sys.argv[1])) if r.get("job") == "app" and "stream" in r]
		assert lines[-1]["msg"] == "short" and "partial" not in lines[-1]
		pieces = lines[:-1]
		assert all(p["partial"] for p in pieces)
		assert [p["seq"] for p in pieces] == list(range(1, len(pieces) + 1))
		assert "".join(p["msg"] for p in pieces) == "x" + "0123456789" * 1000000 + "\u00e4y"
		assert all(len(json.dumps(p)) < 16384 for p in pieces)
	EOF
}

@test "every byte value: each line of the log is still JSON" {
	cat >"$dir/bytes.py" <<-'EOF'
		import sys
		out = sys.stdout.buffer
		for byte in range(256):
		    out.write(b"<" + bytes([byte]) + b">\n")
		out.write(b"\xc3\x28 \xe2\x82 \xf0\x90\x28 \xed\xa0\x80 \xf4\x90\x80\x80 \xff\n")
		out.write("gr\u00fc\u00dfe \u20ac \U0001f41f\n".encode())
		out.write(b"\0" * 70000 + b"\n")
	EOF
	start_pilotfish <<<"jobs = ( { name = \"app\"; exec = \"python3 $dir/bytes.py\"; } );"
	wait_exit
	python3 - "$dir/main.log" <<-'EOF'
		import json, sys
		said = [r["msg"] for r in map(json.loads, open(sys.argv[1], encoding="utf-8")) if r.get("job") == "app" and "stream" in r]
		for byte in range(128):
		    if byte not in (10, 13):
		        assert "<" + chr(byte) + ">" in said, byte
		assert said.count("<\ufffd>") == 128
		assert "gr\u00fc\u00dfe \u20ac \U0001f41f" in said
		assert sum(line.count("\0") for line in said if len(line) > 3) == 70000
	EOF
}

@test "1 GB is printed in bounded memory" {
	start_pilotfish -l <<-EOF
		logging = { output = "/dev/null"; };
		jobs = ( { name = "app"; essential = false;
			   exec = "sh -c 'yes 0123456789012345678901234567890123456789012345678901234567890123456789 | head -c $((1024 / slow / slow))M'"; },
			 { name = "main"; exec = "sleep 1000"; when = { source = "app"; once = "stopped"; }; } );
	EOF
	await_children() { [[ $(pgrep -P "$pid" -x sleep) ]]; }
	LIMIT=60 await await_children
	echo "peak: $(peak "$pid") KiB"
	(($(peak "$pid") < 12000 * slow * slow))
	stop_pilotfish
	expect_code 0
}

@test "no short line is lost if the reader of the log is slow" {
	cat >"$dir/main.conf" <<-'EOF'
		logging = { format = "json"; };
		jobs = ( { name = "app"; exec = "seq 200000"; } );
	EOF
	cat >"$dir/reader.py" <<-'EOF'
		import json, sys, time
		n = 0
		for line in sys.stdin:
		    record = json.loads(line)
		    assert "lost" not in record["msg"], line
		    if record.get("job") == "app" and "stream" in record:
		        n += 1
		        assert record["msg"] == str(n), (n, line)
		        if n % 20000 == 0:
		            time.sleep(0.05)
		assert n == 200000, n
	EOF
	set -o pipefail
	"$pilotfish" -c "$dir/main.conf" | python3 "$dir/reader.py"
}

# Starts pilotfish with the pipe $dir/pipe as stdout; the test holds the pipe open without reading.
start_blocked()
{
	mkfifo "$dir/pipe"
	exec 7<>"$dir/pipe"
	current=main
	start_program main sh -c "exec \"$pilotfish\" -c \"$dir/main.conf\" >\"$dir/pipe\""
	pid=$(pid_of main)
}

@test "stdout blocked: checks go on, memory is bounded, SIGTERM works within its deadline" {
	cat >"$dir/main.conf" <<-EOF
		stopTimeout = "2s";
		jobs = ( { name = "noisy"; exec = "yes"; }, { name = "storm"; exec = "sh -c 'yes | head -c 60000'"; restarts = "unlimited"; backoff = { min = "1ms"; max = "1ms"; }; },
			 { name = "app"; exec = "sleep 1000"; health = { exec = "sh -c 'echo >>$dir/checks'"; interval = "20ms"; }; } );
	EOF
	start_blocked
	checked() { (($(wc -l <"$dir/checks" 2>/dev/null) >= ${1:-1})); }
	await checked 50
	sed -n '/VmHWM/p' "/proc/$pid/status"
	(($(peak "$pid") < 14000 * slow * slow))
	kill -HUP "$pid"
	kill -USR1 "$pid"
	n=$(wc -l <"$dir/checks")
	await checked $((n + 10))
	stop_pilotfish
	expect_code 0
	((took < 2000 * slow))
	exec 7>&-
}

@test "when stdout is read again the log continues and reports lost records" {
	cat >"$dir/main.conf" <<-'EOF'
		logging = { format = "json"; level = "debug"; };
		jobs = ( { name = "noisy"; exec = "seq 1 300000"; essential = false; },
			 { name = "tick"; exec = "true"; when = { interval = "1ms"; }; restarts = 300; } );
	EOF
	start_blocked
	read -rt 1 <> <(:) || true
	run ! has_ended main
	start_program reader sh -c "exec cat <$dir/pipe >$dir/read.log"
	current=main
	wait_exit
	all_read() { grep -q 'all is stopped' "$dir/read.log"; }
	await all_read
	exec 7>&-
	python3 - "$dir/read.log" <<-'EOF'
		import json, sys
		records = [json.loads(line) for line in open(sys.argv[1])]
		said = [int(r["msg"]) for r in records if r.get("job") == "noisy" and "stream" in r]
		assert said == list(range(1, 300001)), len(said)
	EOF
}

@test "a closed stdout, or one without a reader, does not affect the jobs" {
	cat >"$dir/main.conf" <<-EOF
		jobs = ( { name = "noisy"; exec = "sh -c 'seq 1 100000; echo done >$dir/done; exec sleep 1000'"; } );
	EOF
	current=main
	start_program main sh -c "exec \"$pilotfish\" -c \"$dir/main.conf\" >&- 2>&-"
	await test -s "$dir/done"
	stop_pilotfish
	expect_code 0
	rm "$dir/done"
	start_program main bash -c "exec \"$pilotfish\" -c \"$dir/main.conf\" > >(exec 0<&-)"
	await test -s "$dir/done"
	stop_pilotfish
	expect_code 0
}

@test "raw output is passed unchanged" {
	start_pilotfish <<-'EOF'
		jobs = ( { name = "app"; exec = "sh -c 'echo to stdout; echo to stderr >&2'"; logging = { raw = true; }; } );
	EOF
	wait_exit
	has_line "$dir/main.log" "to stdout"
	has_line "$dir/main.log" "to stderr"
}

@test "the last output of a daemon is logged" {
	script daemon <<-'EOF'
		trap 'echo bye; exit' TERM
		touch "$dir/up"
		while :; do read -rt 1 <> <(:); done
	EOF
	script app <<-'EOF'
		setsid "$dir/daemon" &
		until [ -e "$dir/up" ]; do sleep 0.01; done
		trap 'echo app goes; exit 0' TERM
		echo ready
		while :; do wait; done
	EOF
	start_pilotfish <<<"jobs = ( { name = \"app\"; exec = \"$dir/app\"; } );"
	expect_log '"ready"'
	stop_pilotfish
	expect_code 0
	[[ $(said app) == $'ready\napp goes\nbye' ]]
}
