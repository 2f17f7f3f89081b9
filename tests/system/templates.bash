# templates.bash - for the tests of templates: lib.bash, measure.bash, and functions for rendered files.
#
#   template NAME <<'EOF'          writes the template $dir/NAME.ctmpl
#   start_templates [JOBS] <<EOF   starts a pilotfish with these entries of `templates`, an idle job, and JOBS;
#                                  $header precedes the configuration, $consul_keys are more keys of `consul`
#   entry NAME [KEYS]              prints an entry that renders $dir/NAME.ctmpl to $dir/NAME
#   expect_file FILE TEXT          waits until $dir/FILE has this text; the last newline does not count
#   has_file FILE TEXT             succeeds if $dir/FILE has this text
#   put KEY VALUE, drop KEY        writes or deletes a key in Consul
#   writes NAME                    prints how often template.NAME was written since the mark
#   expect_code_of N COMMAND...    COMMAND must soon exit with this code; its output is in $output

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
	count_log "\"template $1: wrote "
}

expect_code_of()
{
	run -"$1" timeout -k 1 "$(limit)" "${@:2}"
}
