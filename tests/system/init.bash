# init.bash - for the tests of the bare init: lib.bash, and functions that look at a child.
#
# $pilotfish is ${PILOTFISH:-$B/pilotfish}, so that the tests can run against other inits too.
#
#   enter OPTION... -- COMMAND...   executes COMMAND with unusual signals and descriptors (helpers/enter.py)
#   field NAME                      that field of a /proc/PID/status on stdin
#   child_of PID
#   within SECONDS COMMAND...       as COMMAND, or 124
#   line_in FILE TEXT               succeeds if the file has such a line

load lib

pilotfish=${PILOTFISH:-$pilotfish}
[[ $pilotfish == /* ]] || pilotfish=$PWD/$pilotfish
helpers=$BATS_TEST_DIRNAME/helpers

enter()
{
	"$helpers/enter.py" "$@"
}

within()
{
	timeout -k 1 $(($1 * slow)) "${@:2}"
}

field()
{
	awk -v field="$1:" '$1 == field { print $2 }'
}

child_of()		# its only child
{
	ps --ppid "$1" -o pid= | tr -d ' '
}

line_in()
{
	grep -qxF -- "$2" "$1" 2>/dev/null
}

needs_root()
{
	((EUID == 0)) || skip "needs root"
}
