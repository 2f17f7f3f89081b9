# With too little memory (RLIMIT_AS) each failure ends in a message and an exit code, never in a crash.
# plain

load lib

setup()
{
	skip_if_sanitized
	{
		echo 'jobs = ('
		for i in {1..300}; do
			echo "{ name = \"j$i\"; exec = [ \"true\", \"$i\" ]; health = { exec = \"true\"; interval = 60; }; },"
		done
		echo '{ name = "app"; exec = "true"; essential = true; } );'
	} >"$dir/many.conf"
}

# Runs with ever more memory, from what the loader needs, until 20 runs in a row succeed.
never_crashes()	# STEP ARGUMENT...
{
	local step=$1 low=1000 high=200000 fine=0 failed=0 words

	shift
	while ((high - low > step)); do
		kb=$(((low + high) / 2))
		(ulimit -v $kb; exec timeout 20 "$pilotfish" version) >/dev/null 2>&1 && high=$kb || low=$kb
	done
	for ((kb = high; fine < 20; kb += step)); do
		code=0
		words=$(ulimit -v $kb; exec timeout 20 "$pilotfish" "$@" 2>&1 >/dev/null) || code=$?
		((code != 139 && code != 134 && code != 124)) || fail "$kb KiB: exit code $code: $words"
		((code == 0)) && fine=$((fine + 1)) && continue
		fine=0 failed=$((failed + 1))
		[[ $words ]] || fail "$kb KiB: exit code $code without a message"
	done
	((failed)) || fail "there was always enough memory"
	echo "# $failed runs failed with a message"
}

@test "check: with too little memory it says so" {
	never_crashes 64 check -c "$dir/many.conf"
}
