# A configuration is rendered as a template before it is parsed, and secrets are not shown.

load lib

setup()
{
	export GREETING='a "quoted" \ one' TOKEN_FILE=$dir/token
	printf 'open sesame\n' >"$dir/token"
	cat >"$dir/pilotfish.conf" <<-'CONF'
		jobs = ( { name = "app"; essential = true;
		  exec = [ "sh", "-c", "test \"$1\" = \"$GREETING\" && test \"$2\" = 'open sesame' && echo both came",
		           "sh", {{ quote .GREETING }}, {{ secret "TOKEN" | quote }} ];
		  {{ range loop 2 }}env = [ "N={{ . }}" ];{{ break }}{{ end }} } );
	CONF
}

@test "variables, secrets and loops reach the workload unchanged" {
	run -0 "$pilotfish" -c "$dir/pilotfish.conf"
	[[ $output == *"both came"* ]]
}

@test "render shows the text, expand the tree, and neither shows the secret" {
	run -0 "$pilotfish" render -c "$dir/pilotfish.conf"
	[[ $output == *'"a \"quoted\" \\ one"'* && $output == *'env = [ "N=0" ]'* ]]
	[[ $output == *"(secret)"* && $output != *sesame* ]]
	run -0 "$pilotfish" expand -c "$dir/pilotfish.conf"
	[[ $output == *"(secret)"* && $output != *sesame* ]]
}

@test "a secret given both as a variable and as a file is an error" {
	TOKEN=other run -65 "$pilotfish" check -c "$dir/pilotfish.conf"
	[[ $output == *TOKEN* && $output != *sesame* && $output != *other* ]]
}

@test "an error in the template has its place and a caret, and nothing starts" {
	printf 'jobs = (\n  {{ if }} );\n' >"$dir/pilotfish.conf"
	run -65 "$pilotfish" check -c "$dir/pilotfish.conf"
	[[ ${lines[0]} == *"pilotfish.conf:2:"*"missing value for if"* ]]
	[[ ${lines[2]} =~ ^\ +\^$ ]]
	run -78 "$pilotfish" -c "$dir/pilotfish.conf"
}

@test "a syntax error in the result shows the rendered line" {
	# shellcheck disable=SC2016
	echo 'jobs = ( { name = "{{ .GREETING }}"; } );' >"$dir/pilotfish.conf"
	run -65 "$pilotfish" check -c "$dir/pilotfish.conf"
	[[ $output == *"pilotfish.conf:1"* && $output == *'name = "a "quoted"'* ]]
}

@test "a value that contains = stays whole" {
	export PAIR='key=value=='
	echo 'jobs = ( { name = "app"; exec = "echo <{{ .PAIR }}>"; } );' >"$dir/pilotfish.conf"
	run -0 "$pilotfish" -c "$dir/pilotfish.conf"
	[[ $output == *"<key=value==>"* ]]
}

@test "endless recursion and endless output are stopped" {
	echo '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}' >"$dir/pilotfish.conf"
	run -65 "$pilotfish" check -c "$dir/pilotfish.conf"
	echo '{{ range loop 100000 }}{{ range loop 100000 }}0123456789{{ end }}{{ end }}' >"$dir/pilotfish.conf"
	run -65 "$pilotfish" check -c "$dir/pilotfish.conf"
}
