#!/bin/sh
# gcc's analyzer, which follows paths within a file.  It does not follow uthash's tables, so it takes an element that was
# added to one for a leak.  It uses all processors:
# background
# limit 1200
flags=$(sed -n '1s/^[^-]*//p' "${B:-build}/flags" | sed 's/-fsanitize=[^ ]*//; s/-Werror//; s/-O2 -g//')
out=$(find supervisor hooks consul -name '*.c' | sort |
	xargs -P "$(nproc)" -n 1 sh -c 'hash=; ! grep -q uthash "$1" || hash=-Wno-analyzer-malloc-leak; timeout 200 gcc $0 $hash \
		-O1 -U_FORTIFY_SOURCE -fanalyzer -fdiagnostics-path-format=none -fno-diagnostics-show-caret \
		-S -o /dev/null "$1" 2>&1' "$flags -DVERSION=\"\"")
status=$?
[ -z "$out" ] || { printf '%s\n' "$out"; status=1; }
exit $status
