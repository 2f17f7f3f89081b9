# The destination of a template: how it is written, its owner, and what can prevent that.

load templates

setup_file()
{
	start_consul --config '{"log_level": "warn", "limits": {"http_max_conns_per_client": 1000}}'
}

needs_root()
{
	((EUID == 0)) || skip "needs root"
}

# Starts pilotfish after this shell line, in a new mount namespace.
start_within()		# LINE <<<ENTRIES
{
	templates_config >"$dir/main.conf"
	current=main
	PILOTFISH_LOG_LEVEL=debug PILOTFISH_LOG_FORMAT=json start_program main unshare -m sh -c \
		"$1 && exec $pilotfish -c $dir/main.conf"
	pid=$(pid_of main)
}

inside()		# a file as that namespace has it
{
	cat "/proc/$pid/root$dir/$1"
}

expect_inside()		# FILE TEXT
{
	await is_inside "$1" "$2" 2>/dev/null || fail "$1 is '$(inside "$1" 2>&1)'"
}

is_inside()
{
	[[ $(inside "$1") == "$2" ]]
}

nothing_staged()
{
	[[ $(find "$dir" -name '.*pilotfish*') == "" ]]
}

@test "permissions, owner, backup" {
	needs_root
	put own/key one
	template own <<<'{{ key "own/key" }}'
	template kept <<<'{{ key "own/key" }}'
	echo former >"$dir/own"
	echo former >"$dir/kept"
	chmod 600 "$dir/own"
	chmod 640 "$dir/kept"
	chown 1234:1235 "$dir/kept"
	start_templates <<<"$(entry own 'perms = "0754"; user = "nobody"; group = "1234"; backup = true;'), $(entry kept)"
	expect_file own one
	expect_file kept one
	[[ $(stat -c '%a %U %g' "$dir/own") == "754 nobody 1234" ]]
	[[ $(<"$dir/own.bak") == former && $(stat -c '%a %U' "$dir/own.bak") == "600 root" ]]
	[[ $(stat -c '%a %u %g' "$dir/kept") == "640 1234 1235" && ! -e $dir/kept.bak ]]
	put own/key two
	expect_file own two
	[[ $(<"$dir/own.bak") == one && $(stat -c '%a %U %g' "$dir/own") == "754 nobody 1234" ]]
}

@test "delimiters of its own, and contents in the configuration" {
	put delim/key one
	printf '{{ [[ key "delim/key" ]] }}' >"$dir/delim.ctmpl"
	start_templates <<-EOF
		$(entry delim 'leftDelimiter = "[["; rightDelimiter = "]]";'),
		{ name = "text"; contents = "<< key \"delim/key\" >>\n"; leftDelimiter = "<<"; rightDelimiter = ">>";
		  destination = "$dir/text"; }
	EOF
	expect_file delim '{{ one }}'
	expect_file text one
	[[ $(wc -c <"$dir/text") == 4 ]]
}

@test "directories are made, unless createDestDirs is false" {
	template in <<<'text'
	start_templates <<-EOF
		{ name = "made"; source = "$dir/in.ctmpl"; destination = "$dir/a/b/made"; },
		{ name = "not"; source = "$dir/in.ctmpl"; destination = "$dir/c/d/not"; createDestDirs = false; }
	EOF
	expect_file a/b/made text
	expect_log 'template.not: .*c/d/not.*No such file'
	expect_log '"template.not","event":"unhealthy"'
	[[ ! -e $dir/c ]]
	mkdir -p "$dir/c/d"
	expect_file c/d/not text
	expect_log '"template.not","event":"rendered"'
}

@test "a symbolic link, a directory and a FIFO are refused and left unchanged" {
	template in <<<'text'
	echo target >"$dir/target"
	ln -s target "$dir/link"
	ln -s nowhere "$dir/dangling"
	mkdir "$dir/folder"
	mkfifo "$dir/fifo"
	local entries='' name
	for name in link dangling folder fifo; do
		entries+="{ name = \"$name\"; source = \"$dir/in.ctmpl\"; destination = \"$dir/$name\"; }, "
	done
	start_templates <<<"$entries $(entry in)"
	expect_file in text
	expect_log 'template.link: .*/link is a symbolic link'
	expect_log 'template.dangling: .*/dangling is a symbolic link'
	expect_log 'template.folder: .*/folder is a directory'
	expect_log 'template.fifo: .*/fifo is a FIFO'
	[[ $(<"$dir/target") == target && -L $dir/link && -L $dir/dangling && -d $dir/folder && -p $dir/fifo && ! -e $dir/nowhere ]]
	nothing_staged
	rm "$dir/link"
	expect_file link text
}

@test "a directory on the path may be a link" {
	template in <<<'text'
	mkdir "$dir/real"
	ln -s real "$dir/alias"
	start_templates <<<"{ name = \"in\"; source = \"$dir/in.ctmpl\"; destination = \"$dir/alias/file\"; }"
	expect_file real/file text
}

@test "a full disk: the old file stays until there is room" {
	needs_root
	put full/key short
	mkdir "$dir/disk"
	template full <<<'{{ range loop (parseInt (key "full/key")) }}0123456789{{ end }}'
	put full/key 1
	start_within "mount -t tmpfs -o size=64k tmpfs $dir/disk" \
		<<<"{ name = \"full\"; source = \"$dir/full.ctmpl\"; destination = \"$dir/disk/full\"; }"
	expect_inside disk/full 0123456789
	put full/key 10000
	expect_events "template.full unhealthy"
	expect_log 'template.full: cannot write .*disk/full: No space left on device'
	is_inside disk/full 0123456789
	[[ $(ls -A "/proc/$pid/root$dir/disk") == full ]]
	put full/key 2
	expect_events "template.full healthy"
	expect_inside disk/full 01234567890123456789
}

@test "a read-only directory" {
	needs_root
	put ro/key one
	template ro <<<'{{ key "ro/key" }}'
	mkdir "$dir/ro.d"
	echo former >"$dir/ro.d/ro"
	start_within "mount --bind $dir/ro.d $dir/ro.d && mount -o remount,ro,bind $dir/ro.d" \
		<<<"{ name = \"ro\"; source = \"$dir/ro.ctmpl\"; destination = \"$dir/ro.d/ro\"; }"
	expect_events "template.ro unhealthy"
	expect_log 'template.ro: cannot write .*ro.d/ro: Read-only file system'
	has_file ro.d/ro former
}

@test "a file that is bind-mounted is overwritten in place, with one warning" {
	needs_root
	put bind/key one
	template bind <<<'{{ key "bind/key" }}'
	echo "former, longer" >"$dir/outside"
	touch "$dir/bind"
	inode=$(stat -c %i "$dir/outside")
	start_within "mount --bind $dir/outside $dir/bind" <<<"$(entry bind 'exec = "true";')"
	expect_events "template.bind changed" "bind.exec exitSuccess"
	expect_log 'template.bind: .*/bind is a mount point and cannot be replaced: overwriting it in place'
	has_file outside one
	put bind/key two
	expect_file outside two
	[[ $(stat -c %i "$dir/outside") == "$inode" && $(count_log 'in place') == 1 ]]
	nothing_staged
}

@test "a writable file that is mounted into a read-only directory" {
	needs_root
	put rw/key one
	template rw <<<'{{ key "rw/key" }}'
	mkdir "$dir/ro.d" "$dir/tmp"
	touch "$dir/ro.d/rw"
	echo former >"$dir/outside"
	export TMPDIR=$dir/tmp
	start_within "mount --bind $dir/ro.d $dir/ro.d && mount -o remount,ro,bind $dir/ro.d && mount --bind $dir/outside $dir/ro.d/rw" \
		<<<"{ name = \"rw\"; source = \"$dir/rw.ctmpl\"; destination = \"$dir/ro.d/rw\"; check = \"grep -q . %f\"; }"
	expect_file outside one
	put rw/key two
	expect_file outside two
	[[ $(ls -A "$dir/tmp") == "" ]]
}

@test "a user without rights: reported, and written once there are rights" {
	needs_root
	local folder=$dir

	template user <<<'text'
	mkdir "$dir/closed"
	echo former >"$dir/closed/user"
	templates_config <<<"{ name = \"user\"; source = \"$dir/user.ctmpl\"; destination = \"$dir/closed/user\"; }" >"$dir/main.conf"
	cp "$pilotfish" "$dir/pilotfish"
	until [[ $folder == /tmp || $folder == / ]]; do
		chmod o+rx "$folder"
		folder=${folder%/*}
		folder=${folder:-/}
	done
	current=main PILOTFISH_LOG_LEVEL=debug PILOTFISH_LOG_FORMAT=json \
		start_program main setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/pilotfish" -c "$dir/main.conf"
	expect_log 'template.user: cannot write .*closed/user: Permission denied'
	has_file closed/user former
	chmod 777 "$dir/closed"
	expect_file closed/user text
}

@test "a directory that others can write to: their file does not keep its owner, their links lead nowhere" {
	needs_root
	put shared/key secret
	template shared <<<'{{ key "shared/key" }}'
	mkdir -m 1777 "$dir/shared.d"
	mkdir "$dir/victim"
	echo mine >"$dir/shared.d/file"
	chmod 666 "$dir/shared.d/file"
	ln -s ../victim "$dir/shared.d/link"
	chown -h 65534:65534 "$dir/shared.d/file" "$dir/shared.d/link"
	start_templates <<-EOF
		{ name = "file"; source = "$dir/shared.ctmpl"; destination = "$dir/shared.d/file"; perms = "0600"; },
		{ name = "link"; source = "$dir/shared.ctmpl"; destination = "$dir/shared.d/link/file"; },
		{ name = "deep"; source = "$dir/shared.ctmpl"; destination = "$dir/shared.d/link/deep/file"; }
	EOF
	expect_file shared.d/file secret
	[[ $(stat -c '%a %u %g' "$dir/shared.d/file") == "600 0 0" ]]
	run ! setpriv --reuid 65534 --regid 65534 --clear-groups cat "$dir/shared.d/file"
	expect_log 'template.link: .*link.* is a symbolic link in a directory that others can write to'
	expect_log 'template.deep: .*link.* is a symbolic link in a directory that others can write to'
	[[ $(ls -A "$dir/victim") == "" ]]
}

@test "writeToFile: written when all data is there, with owner and mode, atomically, and only on a change" {
	needs_root
	template in <<-EOF
		{{ key "side/cert" | writeToFile "$dir/made/cert.pem" "root" "65534" "0640" -}}
		{{ key "side/secret" | writeToFile "$dir/key.pem" "" "" "0600" "newline" -}}
		text {{ key "side/late" }}
	EOF
	put side/cert CERT
	put side/secret KEY
	start_templates "{ name = \"user\"; exec = \"cat $dir/key.pem\"; when = { source = \"template.in\"; each = \"changed\"; }; }" \
		<<<"$(entry in)"
	LIMIT=20 expect_log 'template.in: waiting for kv.block.side/late'
	[[ ! -e $dir/made && ! -e $dir/key.pem && ! -e $dir/in ]]
	put side/late late
	expect_file in 'text late'
	expect_file made/cert.pem CERT
	expect_file key.pem KEY
	[[ $(stat -c %U:%g:%a "$dir/made/cert.pem") == root:65534:640 ]]
	expect_events "template.in rendered"
	[[ $(count_log '"job":"user"') == 0 ]]		# new files are no change
	[[ $(stat -c %a "$dir/key.pem") == 600 && $(wc -c <"$dir/key.pem") == 4 ]]
	written=$(stat -c %i:%Y "$dir/made/cert.pem" "$dir/in")

	mark
	put side/secret NEW
	expect_file key.pem NEW
	[[ $(stat -c %i:%Y "$dir/made/cert.pem" "$dir/in") == "$written" ]]
	expect_log '"msg":"NEW","job":"user"'	# the template's file is as it was, yet its command has to run
	chmod 644 "$dir/key.pem"		# somebody's mistake
	put side/late later
	expect_file in 'text later'
	[[ $(stat -c %a "$dir/key.pem") == 600 ]]
}

@test "writeToFile: what cannot be written is said, and the template's own file stays" {
	ln -s nowhere "$dir/link"
	template link <<<"{{ \"x\" | writeToFile \"$dir/link\" \"\" \"\" \"0600\" }}text"
	template user <<<"{{ \"x\" | writeToFile \"$dir/file\" \"somebody\" \"\" \"0600\" }}text"
	template mode <<<"{{ \"x\" | writeToFile \"$dir/file\" \"\" \"\" \"rw\" }}text"
	template path <<<'{{ "x" | writeToFile "file" "" "" "0600" }}text'
	template flag <<<"{{ \"x\" | writeToFile \"$dir/file\" \"\" \"\" \"0600\" \"append\" }}text"
	template many <<<"{{ range loop 1001 }}{{ writeToFile (print \"$dir/many\" .) \"\" \"\" \"0600\" \"x\" }}{{ end }}"
	for name in link user mode path flag many; do entry "$name"; echo ,; done | sed '$d' | start_templates
	expect_log 'template link: .*/link is a symbolic link'
	expect_log 'template user: .*/file.*no user .*somebody'
	expect_log 'template mode: .*writeToFile: the permissions must be octal digits'
	expect_log 'template path: .*writeToFile: the path must be absolute'
	expect_log 'template flag: .*writeToFile: the only flag is newline'
	expect_log 'template many: .*writeToFile: too many files'
	for name in user mode path flag many; do [[ ! -e $dir/$name ]]; done
	[[ ! -e $dir/file && ! -e $dir/many0 ]]
	rm "$dir/link"
	expect_file link text
}
