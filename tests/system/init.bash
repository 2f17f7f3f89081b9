# init.bash - for the tests of the bare init: lib.bash, and what a child can be asked.
#
# $pilotfish is ${PILOTFISH:-$B/pilotfish}, so that other inits can be put to the test too.
#
#   enter OPTION... -- COMMAND...   becomes COMMAND under odd circumstances (helpers/enter.py)
#   field NAME                      that field of a /proc/PID/status on stdin
#   child_of PID
#   within SECONDS COMMAND...       as COMMAND, or 124
#   line_in FILE TEXT               is there such a line?

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

child_of()		# the one child that it has
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
