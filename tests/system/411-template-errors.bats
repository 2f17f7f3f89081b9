# Wrong or endless templates: the message names the line, and none takes much time or memory.

load lib

# LINE TEXT WORDS: rendering TEXT fails in that line, with a message that contains WORDS.
expect_failure()
{
	printf '%b' "$2" >"$dir/bad.conf"
	run -65 timeout $((10 * slow)) "$pilotfish" render -c "$dir/bad.conf"
	[[ ${lines[0]} == *"bad.conf:$1:"*"$3"* ]] || { echo "$2: $output"; return 1; }
}

@test "syntax errors of each construct name their line" {
	expect_failure 1 '{{' 'unclosed action'
	expect_failure 2 'a\n{{ /* x' 'unexpected'
	expect_failure 3 'a\n\n{{/* x\n\n' 'unclosed comment'
	expect_failure 2 'a\n{{ "b\n" }}' 'unterminated quoted string'
	expect_failure 2 'a\n{{ `b\n' 'unterminated raw quoted string'
	expect_failure 2 "a\n{{ 'b }}" 'unterminated character'
	expect_failure 3 '{{/*\n*/}}\n{{ (1 }}' 'unclosed left paren'
	expect_failure 2 '\n{{ 1) }}' 'unexpected right paren'
	expect_failure 2 '\n{{ 1x }}' 'bad number'
	expect_failure 2 '\n{{ .a-b }}' 'bad character'
	expect_failure 4 '{{ if 1 }}\n{{ else }}\n\n{{ else }}{{ end }}' 'else'
	expect_failure 3 '{{ if 1 }}\n\nx' 'end of the template'
	expect_failure 2 '\n{{ if }}{{ end }}' 'missing value for if'
	expect_failure 2 '\n{{ with }}{{ end }}' 'missing value for with'
	expect_failure 2 '\n{{ range }}{{ end }}' 'missing value for range'
	expect_failure 2 '\n{{ end }}' 'unexpected {{end}}'
	expect_failure 2 '\n{{ break }}' 'outside {{range}}'
	expect_failure 3 '{{ define "a" }}\n{{ if 1 }}{{ end }}\n' 'end of the template'
	expect_failure 2 '\n{{ define a }}{{ end }}' 'define'
	expect_failure 2 '\n{{ block "a" }}{{ end }}' 'block'
	expect_failure 2 '\n{{ template a }}' 'template'
	expect_failure 2 '{{ define "a" }}1{{ end }}\n{{ define "a" }}2{{ end }}' 'multiple definition'
	# shellcheck disable=SC2016
	expect_failure 2 '\n{{ $x }}' 'undefined variable'
	# shellcheck disable=SC2016
	expect_failure 2 '\n{{ $x, $y := 1 }}' 'too many declarations'
	expect_failure 2 '\n{{ 1 | 2 }}' 'non executable command'
	expect_failure 2 '\n{{ .a := 1 }}' 'unexpected'
}

@test "an unknown function, or one of another profile, is named" {
	expect_failure 2 '\n{{ nosuch 1 }}' '"nosuch" not defined'
	expect_failure 2 '\n{{ if false }}{{ toUpper "a" }}{{ end }}' '"toUpper" not defined'
	expect_failure 1 '{{ sprig_upper "a" }}' '"sprig_upper" is not supported'
	expect_failure 1 '{{ spew_dump "a" }}' '"spew_dump" is not supported'
}

@test "a runtime error names its line" {
	expect_failure 2 '\n{{ index (split "," "a") 3 }}' 'index out of range: 3'
	expect_failure 3 '{{ range loop 2 }}\n\n{{ .x }}{{ end }}' "can't evaluate field x"
	expect_failure 3 '{{ define "a" }}\n\n{{ len 1 }}{{ end }}{{ template "a" }}' 'len of type int'
	expect_failure 1 '{{ regexReplaceAll "(" "" "a" }}' 'regular expression'
}

@test "endless recursion, output, loops and widths are stopped soon, with little memory" {
	[[ $sanitized ]] || ulimit -v 400000
	expect_failure 1 '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}' 'levels deep'
	expect_failure 1 '{{ range loop 1000000 }}{{ range loop 1000 }}x{{ end }}{{ end }}' 'than'
	expect_failure 1 '{{ range loop 1000 }}{{ printf "%1000000d" 1 }}{{ end }}' 'more than'
	expect_failure 1 '{{ loop 2000000 }}' 'more than 1000000 rounds'
	expect_failure 1 '{{ loop "-9223372036854775808" "9223372036854775807" }}' 'more than 1000000 rounds'
	# shellcheck disable=SC2016
	expect_failure 1 '{{ $x := "0123456789" }}{{ range loop 40 }}{{ $x = print $x $x }}{{ end }}' 'memory'
	expect_failure 1 '{{ range loop 100000 }}{{ range loop 100000 }}{{ end }}{{ end }}' 'than'
}

@test "a regular expression that would backtrack is matched in linear time" {
	local many
	many=$(printf 'a%.0s' {1..60})
	echo "{{ regexReplaceAll \"^(a+)+$\" \"\" \"${many}!\" }}{{ regexReplaceAll \"(a|aa)*b\" \"\" \"$many\" }}" \
		>"$dir/many.conf"
	run -0 timeout 5 "$pilotfish" render -c "$dir/many.conf"
	[[ $output == "$many!$many" ]]
}

@test "a width that Go allows is allowed" {
	printf '{{ printf "%%100000d" 1 }}' >"$dir/wide.conf"
	run -0 "$pilotfish" render -c "$dir/wide.conf"
	((${#output} == 100000))
}
