#!/bin/sh
# english.sh finds each phrase that it is to refuse, with its line, and passes the field's words.
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
status=0

# Each bad sample is a line that is refused; each good one is not.
refuse()		# FILE LINE...
{
	file=$dir/$1
	shift
	for line; do
		printf '%b\n' "$line" >"$file"
		! tests/check/english.sh "$file" >/dev/null || { echo "not refused in ${file##*/}: $line"; status=1; }
	done
}

pass()
{
	file=$dir/$1
	shift
	for line; do
		printf '%b\n' "$line" >"$file"
		tests/check/english.sh "$file" || { echo "refused in ${file##*/}: $line"; status=1; }
	done
}

refuse bad.c '/* What we are told. */' '/* True.  Whoever leads goes on. */' '/*\n * Who leads\n * is followed. */' \
	'log_warn("the value is another");' 'int n;		/* nobody waits */' '/* It is tried\n * again. */' \
	'/* The loop runs for so long. */' 'static int join_crew(void);' '/* his own */'
pass good.c '/* The leader has changed. */' 'fail(error, "What is this?");' '/* There is another job. */' 'alarm(5);' \
	'user = "nobody";' '/* what it holds */' 'int planes, outstanding;'
refuse bad.md 'Text. What follows is wrong.' '| a | Who leads is told |' 'A ballot is\ntaken.' 'The sets\nare others now.'
pass good.md '# What to expect' 'Who leads?' '    What is code' 'It has changed, and the caller retries.'
refuse bad.1 '.Pp\nWho leads goes on\n.Em leading .' 'It is\n.Em tried again .'
pass good.1 '.Sh What a hook gets' '.Bd -literal\nWhat is code\n.Ed'
refuse bad.sh 'run # What is run here.' '@test "the file is another" {' '# Whoever asks is told.'
pass good.sh 'echo "What now?"' "# the leader's own" 'echo ${#lines[@]} what'
refuse bad.py '"""What a driver does."""' 'say("it was tried again")'
exit $status
