#!/bin/sh
# No file exports a variable: shared state is passed as an argument, all other state is static.
objects=$(find supervisor hooks consul -name '*.c' | sed "s|^|${B:-build}/|; s|c$|o|")
symbols=$(nm -A --defined-only $objects) || exit 1
echo "$symbols" | awk '
$2 ~ /^[BCDGRSV]$/ && $3 !~ /^__odr_asan/ { print $1 " " $3; status = 1 }
END { exit status }'
