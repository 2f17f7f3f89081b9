#!/bin/sh
# The manual names all keys, verbs, options and variables, and is well-formed; so are the other documents.
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

# Paths of the control socket and the telemetry port, but for the parts of the page.
control=$(text "$B/man/pilotfish-control.7")
for path in $(grep -ohE '"/[a-z0-9/*]*"' supervisor/endpoints.c supervisor/endpoints_v3.c supervisor/telemetry.c | tr -d '"' | sed 's/\*/NAME/'); do
	echo "$control" | grep -qF -- "$path" || missing "$path"
done

# The environment.
for name in $(grep -rhoE '"(PILOTFISH|CONSUL)_[A-Z_]+[="]' supervisor hooks consul | tr -d '"=' | sort -u); do
	echo "$program $config" | grep -qw "$name" || missing "$name"
done

# The README's map has all folders; SECURITY.md names tests that exist; a release has its chapter in CHANGELOG.md.
for folder in $(find supervisor hooks consul -name '*.c' | sed 's|[^/]*$||' | sort -u); do
	grep -qF -- "| \`$folder\` |" README.md || missing "README.md: $folder"
done
for test in $(sed -n '/^| surface/,$s/.*|\(.*\)|$/\1/p' SECURITY.md | grep -oE '`[^` ]+`' | tr -d '`' | sort -u); do
	find tests -name "$test" -o -name "$test.*" | grep -q . || missing "SECURITY.md: there is no test $test"
done
grep -qF "## [$("$B/pilotfish" version | cut -d ' ' -f 2)]" CHANGELOG.md || missing "CHANGELOG.md: this version"

# The quick start's configuration is right.
quick=$(mktemp)
sed -n '/^and `pilotfish.conf`:/,/^Run it/s/^    //p' README.md >"$quick"
[ -s "$quick" ] && "$B/pilotfish" check -c "$quick" >/dev/null || missing "README.md: a quick start that passes check"
rm -f "$quick"

# The example of the README and the manual works.
"$B/pilotfish" check -c examples/simple/pilotfish.conf >/dev/null || status=1
while IFS= read -r line; do
	grep -qxF -- "    $line" README.md || missing "README.md: $line"
done <examples/simple/pilotfish.conf
exit $status
