#!/bin/sh
# No blanks at the end of a line, no carriage returns, a newline at the end, no notes of unfinished work; C within
# 100 columns, or 110 for a last word, except for strings, which stay whole.
status=0
files=$(find Makefile release.mk Dockerfile *.md supervisor hooks consul tests examples man .ci -type f \
	! -path 'tests/cases/*' ! -path 'tests/fuzz/corpus/*' ! -name '*.png' ! -name '*.patch' 2>/dev/null)

found=$(grep -nIE "[[:blank:]]$|$(printf '\r')" $files) && { printf "%s\n" "$found"; status=1; }
found=$(grep -nIwE 'TODO|FIXME|XXX' $files | grep -v '^tests/check/text.sh') && { printf "%s\n" "$found"; status=1; }
for file in $files; do
	[ -z "$(tail -c 1 "$file")" ] || { echo "$file: no newline at its end"; status=1; }
	case $file in
	*.[ch])	found=$(expand "$file" | grep -nE '^.{111}' | grep -v '"') && { printf "%s: %s\n" "$file" "$found"; status=1; } ;;
	esac
done
exit $status
