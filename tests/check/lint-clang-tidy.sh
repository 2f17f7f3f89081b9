#!/bin/sh
# clang-tidy with .clang-tidy; clang's own warnings count too.  Its analyzer, which takes twenty times as long as all
# else, runs with ANALYZE='clang-analyzer-*' alone (make soak): gcc's always does.  It uses all processors:
# background
# limit 1200
export checks=${ANALYZE:--clang-analyzer-*}
flags=$(sed -n '1s/^[^-]*//p' "${B:-build}/flags" | sed 's/-fsanitize=[^ ]*//; s/-fcf-protection//')
out=$(find supervisor hooks consul -name '*.c' | sort |
	xargs -P "$(nproc)" -n 4 sh -c 'flags=$0; clang-tidy --quiet --checks="$checks" "$@" -- $flags 2>&1' "$flags -DVERSION=\"\"")
status=$?
echo "$out" | grep -v 'warnings generated'
exit $status
