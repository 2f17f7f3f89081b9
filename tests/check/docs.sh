#!/bin/sh
# What the program knows is in its manual, and the manual is well-formed.
B=${B:-build}
status=0
missing() { echo "not in the manual: $1"; status=1; }
text() { mandoc -T ascii "$1" | sed 's/.\x08//g'; }

[ -e "$B/man/pilotfish.1" ] || exit 1
for page in "$B"/man/*.[1-8]; do
	mandoc -T lint -W warning "$page" || status=1
done
program=$(text "$B/man/pilotfish.1")
config=$(text "$B/man/pilotfish.conf.5")

# Keys and groups of the configuration.
for key in $("$B/pilotfish" options | awk '/^  [a-zA-Z]+$/ { print $1 } /^[a-z]+[^ ]*$/ { print $1 }' | sort -u); do
	echo "$config" | grep -qF "$key" || missing "$key"
done

# Verbs and options of the command line.
for verb in $("$B/pilotfish" help | awk '/^  [a-z]+ / { print $1 }'); do
	echo "$program" | grep -qw -- "$verb" || missing "$verb"
done
for option in $("$B/pilotfish" help | grep -oE '^  -[a-zA-Z]\b'); do
	echo "$program" | grep -qE -- "-[a-zA-Z]*${option#-}" || missing "$option"
done

# The environment.
for name in $(grep -rhoE '"(PILOTFISH|CONSUL)_[A-Z_]+[="]' supervisor hooks consul | tr -d '"=' | sort -u); do
	echo "$program $config" | grep -qw "$name" || missing "$name"
done

# The example of the README and the manual is one that works.
"$B/pilotfish" check -c examples/simple/pilotfish.conf >/dev/null || status=1
while IFS= read -r line; do
	grep -qxF -- "    $line" README.md || missing "README.md: $line"
done <examples/simple/pilotfish.conf
exit $status
