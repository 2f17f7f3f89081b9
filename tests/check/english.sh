#!/bin/sh
# english.sh [FILE...] - refuses phrases that have to be read twice, and names that were given up.  In comments,
# messages, titles of tests and documents:
# - a sentence that begins with a relative Who, Whoever or What (questions and headings may)
# - "is another", "are others", "for so long", "is tried again"
# - in comments of C: people words for programs (anybody, somebody, nobody, everybody, he, his, him)
# and anywhere, also as a part of an identifier: the retired names.
[ $# -gt 0 ] || set -- $(find Makefile release.mk Dockerfile ./*.md supervisor hooks consul tests examples man .ci -type f \
	! -path 'tests/cases/*' ! -path 'tests/fuzz/corpus/*' ! -path '*/__pycache__/*' ! -name '*.png' ! -name '*.svg' \
	! -name '*.patch' ! -name '*.dict' ! -name 'english*.sh')

awk '
function refuse(line, why, text) {
	printf "%s:%d: %s: %s\n", FILENAME, line, why, substr(text, 1, 90)
	status = 1
}

# Paragraphs grow line by line until something else begins.
function add(text) {
	gsub(/[*`]|\\f[A-Z]|\\&/, "", text)
	sub(/^[[:blank:]]+/, "", text)
	if (paragraph == "") begins = FNR
	paragraph = paragraph == "" ? text : paragraph " " text
}

function end(in_c,    text) {
	text = paragraph
	paragraph = ""
	if (text != "") judge(begins, text, in_c)
}

function judge(line, text, in_c,    rest, sentence) {
	if (match(tolower(text), /(^|[^a-z])(is|was|be) another([^a-z\47]|$)/) &&
	    tolower(substr(text, 1, RSTART)) !~ /there.?$/)
		refuse(line, "\"is another\": say that it has changed", substr(text, RSTART))
	if (match(tolower(text), /(^|[^a-z])(are|were) others([^a-z\47]|$)/))
		refuse(line, "\"are others\": say that they have changed", substr(text, RSTART))
	if (match(tolower(text), /(^|[^a-z])for so long([^a-z]|$)/))
		refuse(line, "\"for so long\": for that long", substr(text, RSTART))
	if (match(tolower(text), /(^|[^a-z])(is|are|was|were|be|been|being) tried again/))
		refuse(line, "\"tried again\": say who retries", substr(text, RSTART))
	if (in_c && match(tolower(text), /(^|[^a-z_"])(((any|some|no|every)body)|he|his|him)([^a-z_"]|$)/))
		refuse(line, "a word for people", substr(text, RSTART))
	for (rest = text; rest != ""; rest = substr(rest, RSTART + RLENGTH)) {
		if (!match(rest, /[.?!][")\47]*( +|$)/)) { RSTART = length(rest); RLENGTH = 1 }
		sentence = substr(rest, 1, RSTART)
		if (sentence ~ /^[("\47]*(Who|Whoever|Whom|Whose|What|Whatever)[ ,\47]/ && sentence !~ /\?$/)
			refuse(line, "a sentence begins with a relative", sentence)
	}
}

# The strings of a line, each for itself; what is left of the line.
function take_strings(text,    string) {
	while (match(text, /"([^"\\]|\\.)*"/)) {
		string = substr(text, RSTART + 1, RLENGTH - 2)
		text = substr(text, 1, RSTART - 1) "\1" substr(text, RSTART + RLENGTH)
		judge(FNR, string, 0)
	}
	return text
}

# A bullet, a number or a blank line begins a paragraph.
function prose(text, in_c) {
	if (text ~ /^[[:blank:]]*$/ || text ~ /^[[:blank:]]*([-+*] |[0-9]+\. )/) end(in_c)
	sub(/^[[:blank:]]*([-+*] |[0-9]+\. )/, "", text)
	if (text !~ /^[[:blank:]]*$/) add(text)
}

function c_line(text,    at) {
	if (!inside) {
		text = take_strings(text)
		if ((at = match(text, /(^|[^:])\/\//)) && !index(substr(text, 1, at), "/*")) {
			prose(substr(text, at + RLENGTH), 1)
			return
		}
	}
	while (1) {
		if (inside) {
			if (!(at = index(text, "*/"))) {
				sub(/^[[:blank:]]*\*( |$)/, "", text)
				prose(text, 1)
				return
			}
			sub(/^[[:blank:]]*\* /, "", text)
			prose(substr(text, 1, index(text, "*/") - 1), 1)
			text = substr(text, index(text, "*/") + 2)
			inside = 0
			end(1)
		}
		if (!(at = index(text, "/*"))) {
			end(1)
			return
		}
		end(1)
		text = substr(text, at + 2)
		inside = 1
	}
}

function hash_line(text,    parts) {
	if (text ~ /^[[:blank:]]*#( |$)/) {
		sub(/^[[:blank:]]*# ?/, "", text)
		prose(text, 0)
		return
	}
	end(0)
	if (FILENAME ~ /\.conf$/ && match(text, /(^|[^:])\/\/ /)) {
		judge(FNR, substr(text, RSTART + RLENGTH), 0)
		return
	}
	if (split(text, parts, "\"\"\"") > 1) {
		if (parts[2] != "") add(parts[2])
		if (length(parts) == 2) docstring = 1
		else end(0)
		return
	}
	text = take_strings(text)
	if (match(text, /[[:blank:]]# /)) judge(FNR, substr(text, RSTART + 3), 0)
}

function docstring_line(text,    at) {
	if (at = index(text, "\"\"\"")) {
		if (at > 1) prose(substr(text, 1, at - 1), 0)
		docstring = 0
		end(0)
	} else
		prose(text, 0)
}

function markdown_line(text,    cells, i, n) {
	if (text ~ /^```/) { fenced = !fenced; end(0); return }
	if (fenced || text ~ /^(    |\t)/ || text ~ /^#/) { end(0); return }
	if (text !~ /^\|/) { prose(text, 0); return }
	end(0)
	n = split(text, cells, "|")
	for (i = 1; i <= n; i++) { add(cells[i]); end(0) }
}

function manual_line(text) {
	if (text ~ /^\.Ed/) { literal = 0; end(0); return }
	if (text ~ /^\.Bd -(literal|unfilled)/) { literal = 1; end(0); return }
	if (literal || text ~ /^\.\\"/) return
	if (text ~ /^\.(Sh|Ss|Bl|El|It|Pp|Dd|Dt|Os|Nd)/) { end(0); return }
	sub(/^\.([A-Z][a-z] )*/, "", text)
	add(text)
}

FNR == 1 {
	end(0)
	inside = docstring = fenced = literal = 0
	kind = FILENAME ~ /\.[ch]$|\.js$/ ? "c" : FILENAME ~ /\.md$/ ? "markdown" : FILENAME ~ /\.[1-8](\.in)?$/ ? "manual" : "hash"
}
FNR == 1 && /^#!/ { next }
match(tolower($0), /(^|[^a-z])(crew|lookout|scribe|candidacy|candidacies|tidings|tenure|contest|ballot|crowd|alarm|tally|tallies|clerk|standing|occasion|bulletin|lane)s?([^a-z]|$)/) &&
	tolower($0) !~ /(^|[^a-z])alarm\(|wake_alarm/ { refuse(FNR, "a retired name", substr($0, RSTART)) }
kind == "c" { c_line($0); next }
kind == "markdown" { markdown_line($0); next }
kind == "manual" { manual_line($0); next }
docstring { docstring_line($0); next }
{ hash_line($0) }
END { end(0); exit status }' "$@"
