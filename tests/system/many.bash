# many.bash - a pilotfish with more watches than connections.
#
#   begin_many ADDRESS COUNT [WATCH...]    starts watches of s0000, s0001, ... and each WATCH; waits until each has its
#                                          first answer, and sets the mark
#   expect_changed NAME...                 waits for `changed` of each of these watches since the mark, in any order
#   few_connections                        succeeds if there were fewer than 100 connections to Consul at any time

begin_many()
{
	local address=$1 count=$2

	shift 2
	start_program counter "$lib/helpers/count-connections" "${address##*:}" "$dir/connections"
	await test -e "$dir/connections"
	{
		echo "consul = \"$address\";"
		echo 'jobs = ( { name = "app"; exec = "sleep 1000"; } );'
		echo 'watches = ('
		(($# == 0)) || printf '{ %s },\n' "$@"
		seq -f '{ name = "s%04.0f"; settle = "'"${settle:-10s}"'"; },' 0 $((count - 2))
		printf '{ name = "s%04d"; } );\n' $((count - 1))
	} | start_pilotfish
	LIMIT=60 await all_are_known $((count + $#))
	mark
}

all_are_known()
{
	(($(grep -c '"event":"changed"' "$dir/main.log") >= $1))
}

expect_changed()
{
	local name

	for name in "$@"; do
		LIMIT=${LIMIT:-20} await has_changed "$name"
	done
}

has_changed()
{
	(($(count_events "watch.$1 changed") > 0))
}

few_connections()
{
	local most

	most=$(<"$dir/connections")
	((most < 100)) || fail "$most connections"
}
