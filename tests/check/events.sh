#!/bin/sh
# pilotfish-events(7) has each event with its group of levels, and each state of a job, and no others.
page=man/pilotfish-events.7
status=0

section()		# NAME: the words after .It Cm in that section
{
	awk -v name="$1" '/^\.Sh / { inside = substr($0, 5) == name } inside && /^\.It Cm / { print $3 }' $page | sort
}

compare()		# WHAT EXPECTED FOUND
{
	[ -n "$2" ] && [ "$2" = "$3" ] && return
	printf '%s of %s differ from the code, missing: %s; unknown or twice: %s\n' "$1" $page \
		"$(printf '%s\n' "$2" "$3" "$3" | sort | uniq -u | xargs)" "$(printf '%s\n' "$2" "$2" "$3" | sort | uniq -u | xargs)"
	status=1
}

# NAME GROUP of each event that a configuration may name.
events=$(sed -nE 's/^\tX\([A-Z_]+, *"(\w+)", *([A-Z]+), *true\).*/\1 \2/p' supervisor/base/event.h | sort)
compare events "$(echo "$events" | cut -d ' ' -f 1)" "$(section EVENTS)"
compare groups "$events" "$(sed -nE 's/^\.It ([A-Z]+) Ta ([a-z].*)/\1 \2/p' $page | tr -d , |
	awk '{ for (i = 2; i <= NF; i++) print $i, $1 }' | sort)"
compare states "$(sed -n '/define JOB_STATES/,/[^\\]$/p' supervisor/job.h | grep -o '"[a-z]*"' | tr -d '"' | sort)" \
	"$(section 'STATES OF A JOB')"
exit $status
