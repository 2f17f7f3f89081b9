#!/bin/sh
# No header includes itself, however indirectly.
for header in $(find supervisor hooks consul -name '*.h'); do
	folder=${header%/*}
	sed -n 's/^#include "\(.*\)".*/\1/p' "$header" | while read -r name; do
		for path in "$folder/$name" "supervisor/$name" "$name"; do
			[ ! -e "$path" ] || { echo "$header $path"; break; }
		done
	done
done | tsort 2>&1 >/dev/null | grep . && exit 1
exit 0
