#!/bin/sh
# sbom.sh PROGRAM VERSION ARCH SYSROOT - describe the release: beside PROGRAM, write PROGRAM.spdx.json (SPDX 2.3), the
# licence texts in licenses/, and PROGRAM.sha256.
#
# The linker's map, link.map beside PROGRAM, names the archives; dpkg, or the packages unpacked in SYSROOT, know the
# packages of these.  uthash consists of headers, and curl is built from its source package, $CURL.  The output depends
# on nothing else but SOURCE_DATE_EPOCH, so it is reproducible.
set -eu
export LC_ALL=C
program=$1 version=$2 arch=$3 sysroot=$4
folder=${program%/*}
number=${version%% *}
licenses=$folder/licenses
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# PACKAGE VERSION SOURCE, a line each, of the files on stdin.
owners()
{
	while read -r file; do
		case $file in
		"${sysroot:-none}"/*) grep -lxF ".${file#"$sysroot"}" "$work"/*.list | head -n 1 | sed 's|.*/\(.*\)\.list|\1|' ;;
		*) dpkg -S "$file" | sed 's/:.*//' ;;
		esac
	done | sort -u
}

describe()		# PACKAGE
{
	if [ -e "$work/$1.list" ]; then
		deb=$(cat "$work/$1.deb")
		dpkg-deb --showformat='${Package} ${Version} ${source:Package}\n' -W "$deb"
		dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/share/doc/$1/copyright" >"$licenses/$1" 2>/dev/null || rm -f "$licenses/$1"
	else
		dpkg-query -W -f='${Package} ${Version} ${source:Package}\n' "$1"
	fi
	[ -e "$licenses/$1" ] || cp -L "/usr/share/doc/$1/copyright" "$licenses/$1"
}

license()		# SOURCE
{
	case $1 in
	c-ares | jansson | libyaml) echo MIT ;;
	curl) echo curl ;;
	openssl) echo Apache-2.0 ;;
	libconfig | glibc | cross-toolchain-base*) echo LGPL-2.1-or-later ;;
	libev) echo 'BSD-2-Clause OR GPL-2.0-or-later' ;;
	gcc-*) echo 'GPL-3.0-or-later WITH GCC-exception-3.1' ;;
	uthash) echo BSD-1-Clause ;;
	*) echo NOASSERTION ;;
	esac
}

escaped() { printf %s "$1" | sed "s/:/%3A/g; s/+/%2B/g"; }

package()		# NAME VERSION SOURCE PURL
{
	printf ',\n    { "SPDXID": "SPDXRef-%s", "name": "%s", "versionInfo": "%s", "sourceInfo": "Debian source package %s",\n' \
		"$1" "$1" "$2" "$3"
	printf '      "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": false,\n'
	printf '      "licenseConcluded": "NOASSERTION", "licenseDeclared": "%s", "copyrightText": "NOASSERTION",\n' "$(license "$3")"
	printf '      "externalRefs": [ { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "%s" } ] }' "$4"
}

rm -rf "$licenses"
mkdir -p "$licenses"
cp LICENSE "$licenses/pilotfish"
if [ "$sysroot" ]; then
	for deb in "$sysroot"/*.deb; do
		name=$(dpkg-deb -f "$deb" Package)
		echo "$deb" >"$work/$name.deb"
		dpkg-deb --fsys-tarfile "$deb" | tar -t >"$work/$name.list"
	done
fi
sed -n 's/^LOAD \(\/.*\)/\1/p' "$folder/link.map" | xargs realpath | grep -v "^$(realpath "$folder")/" | sort -u | owners >"$work/owners"
echo uthash-dev >>"$work/owners"
sort -u "$work/owners" | while read -r name; do describe "$name"; done >"$work/packages"
[ -s "$work/packages" ] || { echo "$0: the linker's map names no package" >&2; exit 1; }
sha256=$(sha256sum <"$program" | cut -d ' ' -f 1)
dsc=$(ls "$CURL"/*.dsc)
curl=$(sed -n 's/^Version: //p' "$dsc")
tar -xOf "$CURL"/curl_*.debian.tar.* debian/copyright >"$licenses/curl"

{
	cat <<-END
		{
		  "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "pilotfish-$number-$arch",
		  "documentNamespace": "https://spdx.org/spdxdocs/pilotfish-$number-$arch-$sha256",
		  "creationInfo": { "created": "$(date -u -d "@${SOURCE_DATE_EPOCH:-0}" +%FT%TZ)", "creators": [ "Tool: sbom.sh" ] },
		  "documentDescribes": [ "SPDXRef-pilotfish" ],
		  "packages": [
		    { "SPDXID": "SPDXRef-pilotfish", "name": "pilotfish", "versionInfo": "$version", "packageFileName": "pilotfish",
		      "downloadLocation": "NOASSERTION", "filesAnalyzed": false, "supplier": "NOASSERTION", "primaryPackagePurpose": "APPLICATION",
		      "licenseConcluded": "MIT", "licenseDeclared": "MIT", "copyrightText": "NOASSERTION",
		      "checksums": [ { "algorithm": "SHA256", "checksumValue": "$sha256" } ] }
	END
	while read -r name release source; do
		package "$name" "$release" "$source" "pkg:deb/debian/$name@$(escaped "$release")?arch=$arch"
	done <"$work/packages"
	package curl "$curl" curl "pkg:deb/debian/curl@$(escaped "$curl")?arch=source"
	printf '\n  ],\n  "relationships": [\n    { "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", '
	printf '"relatedSpdxElement": "SPDXRef-pilotfish" }'
	{ cut -d ' ' -f 1 "$work/packages"; echo curl; } | while read -r name; do
		printf ',\n    { "spdxElementId": "SPDXRef-pilotfish", "relationshipType": "STATIC_LINK", "relatedSpdxElement": "SPDXRef-%s" }' "$name"
	done
	printf '\n  ]\n}\n'
} >"$work/sbom"
mv "$work/sbom" "$program.spdx.json"
(cd "$folder" && sha256sum "${program##*/}") >"$program.sha256"
cat "$program.sha256"
