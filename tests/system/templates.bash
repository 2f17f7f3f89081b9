# templates.bash - for the tests of templates: lib.bash, measure.bash, and what becomes of a file.
#
#   template NAME <<'EOF'          the template $dir/NAME.ctmpl
#   start_templates [JOBS] <<EOF   a pilotfish with these entries of `templates`, a job that just lives, and JOBS;
#                                  $header precedes it all, $consul_keys are more of `consul`
#   entry NAME [KEYS]              prints an entry that makes $dir/NAME of $dir/NAME.ctmpl
#   expect_file FILE TEXT          until the file $dir/FILE is that, but for the last newline
#   has_file FILE TEXT             is it?
#   put KEY VALUE, drop KEY        in Consul
#   writes NAME                    how often template.NAME has been written since the mark
#   expect_code_of N COMMAND...    it ends by itself, soon, with this code; what it printed is in $output

load lib
load measure
export dir

template()
{
	cat >"$dir/$1.ctmpl"
}

entry()
{
	echo "{ name = \"$1\"; source = \"$dir/$1.ctmpl\"; destination = \"$dir/$1\"; ${2-} }"
}

templates_config()
{
	cat <<-EOF
		${header-}
		consul = { address = "$consul_address"; ${consul_keys-} };
		jobs = ( { name = "app"; exec = "sleep 1000"; }${1:+, $1} );
		templates = ( $(cat) );
	EOF
}

start_templates()
{
	templates_config "${1-}" | start_pilotfish
	pid=$(pid_of main)
}

has_file()
{
	[[ -e $dir/$1 && $(<"$dir/$1") == "$2" ]]
}

expect_file()
{
	await has_file "$1" "$2" 2>/dev/null && return
	fail "$1 is not '$2' but '$(cat "$dir/$1" 2>&1)'"
}

put()
{
	[[ $(consul_put "/v1/kv/$1" "$2") == true ]]
}

drop()
{
	[[ $(consul_request DELETE "/v1/kv/$1") == true ]]
}

writes()
{
	count_log "\"template\\.$1: [^ ]* is written"
}

expect_code_of()
{
	run -"$1" timeout -k 1 "$(limit)" "${@:2}"
}
