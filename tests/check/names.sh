#!/bin/sh
# No two source files share a base name: an include line and a message name just one file.
twice=$(find supervisor hooks consul -name '*.[ch]' -printf '%f\n' | sort | uniq -d)
[ -z "$twice" ] && exit 0
echo "files of one name: $twice"
exit 1
