#!/bin/sh
# No blanks at the end of a line, no carriage returns, a newline at the end, no notes of unfinished work; C within
# 100 columns, or 110 for a last word, except for strings, which stay whole.
status=0
files=$(find Makefile release.mk Dockerfile *.md supervisor hooks consul tests examples man .ci -type f \
	! -path 'tests/cases/*' ! -path 'tests/fuzz/corpus/*' ! -name '*.png' ! -name '*.patch' 2>/dev/null)

found=$(grep -nIE "[[:blank:]]$|$(printf '\r')" $files) && { printf "%s\n" "$found"; status=1; }
found=$(grep -nIwE 'TODO|FIXME|XXX' $files | grep -v '^tests/check/text.sh') && { printf "%s\n" "$found"; status=1; }
found=$(perl -e 'for (@ARGV) { open my $f, "<", $_ or die "$_: $!"; seek $f, -1, 2 and read $f, my $last, 1;
	print "$_: no newline at its end\n" if defined $last && $last ne "\n" }' $files)
[ -z "$found" ] || { printf "%s\n" "$found"; status=1; }
c=$(printf "%s\n" $files | grep '\.[ch]$')
found=$(awk '
	!/"/ {
		line = $0; while (i = index(line, "\t"))
			line = substr(line, 1, i - 1) sprintf("%*s", 8 - (i - 1) % 8, "") substr(line, i + 1)
		if (length(line) > 110) print FILENAME ":" FNR ": " $0
	}' $c)
[ -z "$found" ] || { printf "%s\n" "$found"; status=1; }
exit $status
