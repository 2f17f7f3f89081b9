# The release build: its properties, and that it needs nothing from the image.
# plain
# limit 900

load jobs

DNS=127.0.0.77			# the address of Consul's DNS

setup_file()
{
	[[ ! $sanitized ]] || return 0
	export RELEASE=$B/release ARM=$B/release-arm64
	make -s -C "$root" B="${B#"$root"/}" release
	make -s -C "$root" B="${B#"$root"/}" release ARCH=arm64
	start_consul -n tls --tls
	export https_address=$consul_address tls_dir=$dir
	start_consul --config "{\"addresses\": {\"dns\": \"$DNS\"}, \"ports\": {\"dns\": 53}}"
}

# A root folder for $pilotfish with only the program and the files that every container has.
setup()
{
	skip_if_sanitized
	needs_root
	unset SSL_CERT_FILE SSL_CERT_DIR
	image=$dir/image
	mkdir -p "$image/etc" "$image/dev"
	mknod -m 666 "$image/dev/null" c 1 3
	cp "$RELEASE/pilotfish" "$image/pilotfish"
	pilotfish=$dir/in-image
	printf '#!/bin/sh\nexec chroot %s /pilotfish "$@"\n' "$image" >"$pilotfish"
	chmod +x "$pilotfish"
}

# A program for the image: prints its user and groups and stays.
tell()
{
	cat >"$dir/tell.c" <<-'END'
		#include <stdio.h>
		#include <unistd.h>

		int main(void)
		{
			gid_t groups[8];
			int count = getgroups(8, groups);

			printf("%d:%d", getuid(), getgid());
			for (int i = 0; i < count; i++)
				printf(" %d", groups[i]);
			puts("");
			fflush(stdout);
			pause();
		}
	END
	cc -static -o "$image/tell" "$dir/tell.c"
}

configure()		# the configuration of the image, on stdin
{
	cat >"$image/etc/pilotfish.conf"
}

registers_at()
{
	configure <<-END
		consul = "$1";
		jobs = ( { name = "app"; exec = [ "/pilotfish", "--", "/tell" ]; port = 80; interfaces = "static:127.0.0.1"; } );
	END
	tell
	start_pilotfish run
	await_passing app 1
	stop_pilotfish
	expect_code 0
	await_gone app
}

static_program()		# FILE MACHINE
{
	readelf -hW "$1" | grep -q "Machine: *$2"
	readelf -hW "$1" | grep -q 'Type: *EXEC'
	! readelf -lW "$1" | grep -E 'INTERP|DYNAMIC'
	readelf -lW "$1" | grep -q GNU_RELRO
	readelf -lW "$1" | grep GNU_STACK | grep -q 'RW '
	! readelf -SW "$1" | grep -E '\.symtab|\.debug'
	! grep -F "$root" "$1"
}

@test "one static program without symbols, for two architectures" {
	static_program "$RELEASE/pilotfish" 'Advanced Micro Devices X86-64'
	static_program "$ARM/pilotfish" AArch64
	(($(stat -c %s "$RELEASE/pilotfish") < 7000000))
}

@test "a build in a folder of another name is identical byte for byte" {
	local version

	[[ ${REPRODUCE-} ]] || skip "make soak runs it"
	version=$("$RELEASE/pilotfish" version)
	mkdir "$dir/else where"
	tar -C "$root" -c LICENSE Makefile release.mk sbom.sh supervisor hooks consul | tar -x -C "$dir/else where"
	SOURCE_DATE_EPOCH=$(date -d "$(jq -r .creationInfo.created "$RELEASE/pilotfish.spdx.json")" +%s) \
		make -s -j "$(nproc)" -C "$dir/else where" B=made FETCHED="$(realpath "$B/../build/fetched")" \
		STATIC=1 VERSION="${version#pilotfish }" made/pilotfish.spdx.json
	for file in pilotfish pilotfish.spdx.json pilotfish.sha256; do
		cmp "$RELEASE/$file" "$dir/else where/made/$file"
	done
	diff -r "$RELEASE/licenses" "$dir/else where/made/licenses"
}

sbom()			# FOLDER JQ-ARG...
{
	jq -e "${@:2}" "$1/pilotfish.spdx.json" >/dev/null
}

@test "its SBOM names each linked package, with a licence text, and its checksum is right" {
	local folder package version libgcc

	for folder in "$RELEASE" "$ARM"; do
		(cd "$folder" && sha256sum -c --quiet pilotfish.sha256)
		sbom "$folder" --arg sum "$(cut -d ' ' -f 1 "$folder/pilotfish.sha256")" \
			'.spdxVersion == "SPDX-2.3" and .packages[0].checksums[0].checksumValue == $sum'
		sbom "$folder" '[.packages[1:][].SPDXID] - [.relationships[] | select(.relationshipType == "STATIC_LINK").relatedSpdxElement] == []'
		sbom "$folder" '[.packages[].licenseDeclared] | index("NOASSERTION") == null'
		libgcc=$([[ $folder == "$ARM" ]] && echo libgcc-12-dev-arm64-cross || echo libgcc-12-dev)
		diff <(jq -r '.packages[].name' "$folder/pilotfish.spdx.json" | sort) \
			<(printf '%s\n' curl libc-ares-dev libc6-dev libconfig-dev libev-dev libjansson-dev libssl-dev libyaml-dev \
				pilotfish uthash-dev "$libgcc" | sort)
		for package in $(jq -r '.packages[].name' "$folder/pilotfish.spdx.json"); do
			[ -s "$folder/licenses/$package" ]
		done
	done
	for package in libssl-dev libc6-dev; do
		version=$(dpkg-query -W -f='${Version}' "$package")
		sbom "$RELEASE" --arg name "$package" --arg version "$version" \
			'.packages[] | select(.name == $name).versionInfo == $version'
	done
}

@test "its version is the Makefile's number, with the commit" {
	local number

	number=$(sed -n 's/^NUMBER *:= *//p' "$root/Makefile")
	[[ $("$RELEASE/pilotfish" version) =~ ^"pilotfish $number ("[0-9a-f]+(-dirty)?\)$ ]]
}

@test "in an empty image: a verb, an init, exit codes" {
	run -0 "$pilotfish" version
	[[ $output == "pilotfish "* ]]
	run -0 "$pilotfish" -- /pilotfish version
	[[ $output == "pilotfish "* ]]
	run -64 "$pilotfish" -- /pilotfish -x
	run -127 "$pilotfish" -- /nope
	run -66 "$pilotfish" run
}

@test "users and groups come from the image" {
	echo 'web:x:1234:1235:::' >"$image/etc/passwd"
	printf '%s\n' 'web:x:1235:' 'logs:x:1236:other,web' >"$image/etc/group"
	tell
	configure <<<'jobs = ( { name = "app"; exec = "/tell"; user = "web"; } );'
	start_pilotfish run
	expect_log '1234'
	[[ $(said app) == '1234:1235 1235 1236' ]]
	stop_pilotfish
	configure <<<'jobs = ( { name = "app"; exec = "/tell"; user = "nobody"; } );'
	run -78 "$pilotfish" run
	[[ $output == *'no user "nobody" in /etc/passwd'* ]]
}

@test "Consul by an address, by localhost without /etc/hosts, by /etc/hosts, by a name server" {
	local port=${consul_address##*:}

	registers_at "127.0.0.1:$port"
	registers_at "localhost:$port"
	echo '127.0.0.1 discovery.example' >"$image/etc/hosts"
	registers_at "discovery.example:$port"
	echo "nameserver $DNS" >"$image/etc/resolv.conf"
	registers_at "consul.service.consul:$port"
}

@test "a name that resolves only later" {
	local port=${consul_address##*:}

	echo "nameserver $DNS" >"$image/etc/resolv.conf"
	tell
	configure <<-END
		consul = "late.service.consul:$port";
		jobs = ( { name = "app"; exec = "/tell"; port = 80; interfaces = "static:127.0.0.1"; } );
	END
	start_pilotfish run
	expect_log 'consul at .* does not answer: .*late.service.consul'
	register late late-1 "$port"
	await_passing app 1
	stop_pilotfish
	deregister late-1
}

@test "Consul over https: authorities of the image, or of SSL_CERT_FILE" {
	export consul_address=$https_address consul_dir=$tls_dir
	mkdir -p "$image/etc/ssl/certs"
	tell
	configure <<-END
		consul = "$https_address";
		jobs = ( { name = "app"; exec = "/tell"; port = 80; interfaces = "static:127.0.0.1"; } );
	END
	start_pilotfish run
	expect_log 'consul at .* does not answer: .*certificate'
	stop_pilotfish
	for place in ssl/certs/ca-certificates.crt pki/tls/certs/ca-bundle.crt; do
		mkdir -p "$image/etc/${place%/*}"
		cp "$tls_dir/ca.pem" "$image/etc/$place"
		registers_at "$https_address"
		rm "$image/etc/$place"
	done
	cp "$tls_dir/ca.pem" "$image/trusted.pem"
	export SSL_CERT_FILE=/trusted.pem
	registers_at "$https_address"
}

@test "for arm64, emulated: a verb, an init, exit codes" {
	run -0 qemu-aarch64-static "$ARM/pilotfish" version
	[[ $output == "pilotfish "* ]]
	run -0 qemu-aarch64-static "$ARM/pilotfish" -- echo hello
	[[ $output == hello ]]
	run -3 qemu-aarch64-static "$ARM/pilotfish" -- sh -c 'exit 3'
	configure <<<'jobs = ( { name = "app"; exec = "true"; } );'
	run -0 qemu-aarch64-static "$ARM/pilotfish" check -c "$image/etc/pilotfish.conf"
}
