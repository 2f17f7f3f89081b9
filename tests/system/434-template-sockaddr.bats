# sockaddr, in a network of its own.  The expectations follow from the rules of go-sockaddr.

load templates

setup()
{
	[[ -e /proc/net/if_inet6 ]] || skip "no IPv6 here"
}

# Of each interface, IPv4 comes first.  The default route is eth1's; eth2 is down.
network='
	for n in 0 1 2 3; do
		ip link add eth$n type veth peer name peer$n
		ip link set eth$n addrgenmode none
		ip link set peer$n addrgenmode none up
	done
	ip link set lo up
	ip link set eth0 up
	ip link set eth1 up
	ip link set eth3 up
	ip address add 10.1.2.3/16 dev eth0
	ip address add 192.168.7.9/24 dev eth0 label eth0:1
	ip address add 8.8.4.5/30 dev eth0
	ip address add 2600::5/64 dev eth0 nodad
	ip address add fd12::7/48 dev eth0 nodad
	ip address add 172.16.5.5/12 dev eth1
	ip address add 203.0.113.9/24 dev eth1
	ip address add 10.9.9.9/24 dev eth2
	ip address add 169.254.3.4/16 dev eth3
	ip address add fe80::1/64 dev eth3 nodad
	ip route add default via 172.16.0.1 dev eth1
'

in_network()		# COMMAND...: in a new network, after $network and $more
{
	unshare --net sh -ec "$network ${more-}"' exec "$@"' sh "$@"
}

render()		# CODE
{
	run -"$1" --separate-stderr in_network timeout -k 1 "$(limit)" "$pilotfish" render -t "$dir/in.ctmpl" --once
}

# Lines "action => text" from stdin: each action has to give this text; (none): nothing.
expect_actions()
{
	local i cases found

	mapfile -t cases
	printf '{{ sockaddr `%s` }}\n' "${cases[@]%% => *}" >"$dir/in.ctmpl"
	render 0
	mapfile -t found <<<"$output"
	for i in "${!cases[@]}"; do
		[[ ${found[i]:-(none)} == "${cases[i]#* => }" ]] || fail "${cases[i]}: '${found[i]-}'"
	done
}

# Lines "action => reason": each action has to fail.
expect_errors()
{
	local action

	while IFS= read -r action; do
		echo "{{ sockaddr \`${action%% => *}\` }}" >"$dir/in.ctmpl"
		render 1
		[[ $stderr == *":1:4: sockaddr: ${action#* => }"* ]] || fail "$action: $stderr"
	done
}

@test "the ready answers" {
	expect_actions <<-'EOT'
		GetPrivateIP => 172.16.5.5
		GetPrivateIPs => 172.16.5.5 10.1.2.3 192.168.7.9 10.9.9.9 fd12::7
		GetPublicIP => 8.8.4.5
		GetPublicIPs => 8.8.4.5 2600::5
		GetInterfaceIP "eth0" => 10.1.2.3
		GetInterfaceIP "^eth" => 172.16.5.5
		GetInterfaceIP "eth3" => (none)
		GetInterfaceIP "nosuch" => (none)
		GetInterfaceIPs "eth0" => 10.1.2.3 192.168.7.9 8.8.4.5 fd12::7 2600::5
		GetInterfaceIPs "lo" => 127.0.0.1 ::1
		GetInterfaceIPs "nosuch" => (none)
	EOT
}

@test "lists of interfaces" {
	expect_actions <<-'EOT'
		GetAllInterfaces | include "type" "IPv4" | join "string" " " => 127.0.0.1/8 10.1.2.3/16 192.168.7.9/24 8.8.4.5/30 172.16.5.5/12 203.0.113.9/24 10.9.9.9/24 169.254.3.4/16
		GetAllInterfaces | unique "name" | join "name" " " => lo eth0 eth1 eth2 eth3
		len GetAllInterfaces => 12
		len . => 12
		GetDefaultInterfaces | join "address" " " => 172.16.5.5 203.0.113.9
		GetPrivateInterfaces | join "address" " " => 172.16.5.5 10.1.2.3 192.168.7.9 fd12::7
		GetPublicInterfaces | join "address" " " => 8.8.4.5 2600::5
	EOT
}

@test "include and exclude" {
	expect_actions <<-'EOT'
		GetAllInterfaces | include "name" "^eth[23]$" | join "address" " " => 10.9.9.9 169.254.3.4 fe80::1
		GetAllInterfaces | exclude "NAME" "eth" | join "address" " " => 127.0.0.1 ::1
		. | include "address" "/24$" | join "address" " " => 192.168.7.9 203.0.113.9 10.9.9.9
		. | include "network" "10.0.0.0/8|fd00::/8" | join "address" " " => 10.1.2.3 10.9.9.9 fd12::7
		. | include "network" "10.1.2.3/24" | join "address" " " => (none)
		. | include "network" "::ffff:10.1.0.0/112" | join "address" " " => 10.1.2.3
		. | include "rfc" "1918" | join "address" " " => 10.1.2.3 192.168.7.9 172.16.5.5 10.9.9.9
		. | include "RFCs" "4193|3927" | join "address" " " => fd12::7 169.254.3.4
		. | exclude "rfc" "6890" | exclude "type" "ipv6" | join "address" " " => 8.8.4.5
		. | include "size" "24" | join "address" " " => 192.168.7.9 203.0.113.9 10.9.9.9
		. | include "type" "ipv6" | include "size" "64" | sort "address" | join "address" " " => 2600::5 fe80::1
		. | include "type" "ipv4" | exclude "size" "24" | join "mask_bits" " " => 8 16 30 12 16
		len (. | include "port" "^0$") => 12
		len (. | include "type" "unix") => 0
		len (. | include "type" "IPv4|IPv6") => 12
	EOT
}

@test "what go-sockaddr counts twice, so do we" {
	expect_actions <<-'EOT'
		len (. | exclude "type" "ipv4|ipv6") => 12
		len (. | include "type" "ip|ipv4") => 20
		len (. | exclude "network" "10.0.0.0/8|fd00::/8") => 21
		len (. | include "rfc" "1918|6890") => 14
	EOT
}

@test "flags" {
	expect_actions <<-'EOT'
		. | include "flags" "link-local unicast" | join "address" " " => 169.254.3.4 fe80::1
		. | include "flag" "up|loopback" | join "address" " " => 127.0.0.1 ::1
		. | exclude "flags" "up" | join "address" " " => 10.9.9.9
		. | exclude "flags" "forwardable" | join "address" " " => 127.0.0.1 ::1 203.0.113.9 169.254.3.4 fe80::1
		. | include "flags" "loopback" | attr "flags" => up|loopback|running
		. | include "name" "eth1" | attr "flags" => up|broadcast|multicast|running
		. | include "name" "eth2" | attr "flags" => broadcast|multicast
		len (. | include "flags" "forwardable|up") => 12
		len (. | include "flags" "Down") => 12
		len (. | include "flags" "up|down") => 12
		len (. | include "flags" "down|up") => 11
		len (. | include "flags" "broadcast") => 10
		len (. | include "flags" "global unicast") => 8
		len (. | include "flags" "multicast") => 10
		len (. | include "flags" "point-to-point") => 0
		len (. | include "flags" "unspecified") => 0
		len (. | include "flags" "interface-local multicast|link-local multicast") => 0
	EOT
}

@test "sort, unique, limit, offset" {
	expect_actions <<-'EOT'
		. | include "type" "ipv4" | sort "-private,address" | join "address" " " => 8.8.4.5 10.1.2.3 10.9.9.9 127.0.0.1 169.254.3.4 172.16.5.5 192.168.7.9 203.0.113.9
		. | include "type" "ipv4" | sort "+default, -size" | join "address" " " => 203.0.113.9 172.16.5.5 8.8.4.5 192.168.7.9 10.9.9.9 10.1.2.3 169.254.3.4 127.0.0.1
		. | sort "-name,-type,size" | join "address" " " => ::1 127.0.0.1 fe80::1 169.254.3.4 10.9.9.9 172.16.5.5 203.0.113.9 fd12::7 2600::5 10.1.2.3 192.168.7.9 8.8.4.5
		. | sort "-default,port,name" | offset -2 | join "address" " " => 172.16.5.5 203.0.113.9
		. | sort "name" | unique "name" | join "name" "," => eth0,eth1,eth2,eth3,lo
		. | unique "address" | len => 12
		. | sort "-name,type,size" | offset 1 | limit 2 | join "address" " " => ::1 169.254.3.4
		. | limit 100 | len => 12
		. | offset 12 | len => 0
		. | limit 0 | attr "address" => (none)
	EOT
}

@test "attributes" {
	expect_actions <<-'EOT'
		. | include "address" "^8[.]" | attr "address" => 8.8.4.5
		. | include "address" "^8[.]" | attr "HOST" => 8.8.4.5
		. | include "address" "^8[.]" | attr "string" => 8.8.4.5/30
		. | include "address" "^8[.]" | attr "network" => 8.8.4.4
		. | include "address" "^8[.]" | attr "netmask" => 255.255.255.252
		. | include "address" "^8[.]" | attr "first_usable" => 8.8.4.5
		. | include "address" "^8[.]" | attr "last_usable" => 8.8.4.6
		. | include "address" "^8[.]" | attr "broadcast" => 8.8.4.7
		. | include "address" "^8[.]" | attr "size" => 4
		. | include "address" "^8[.]" | attr "hex" => 08080405
		. | include "address" "^8[.]" | attr "binary" => 00001000000010000000010000000101
		. | include "address" "^8[.]" | attr "octets" => 8 8 4 5
		. | include "address" "^8[.]" | attr "uint32" => 134743045
		. | include "address" "^8[.]" | attr "port" => 0
		. | include "address" "^8[.]" | attr "type" => IPv4
		. | include "address" "^fd12" | attr "network" => fd12::
		. | include "address" "^fd12" | attr "netmask" => ffff:ffff:ffff::
		. | include "address" "^fd12" | attr "first_usable" => fd12::
		. | include "address" "^fd12" | attr "last_usable" => fd12::ffff:ffff:ffff:ffff:ffff
		. | include "address" "^fd12" | attr "size" => 1208925819614629174706176
		. | include "address" "^fd12" | attr "hex" => fd120000000000000000000000000007
		. | include "address" "^fd12" | attr "uint128" => 336388144277037342741976735184853139463
		. | include "address" "^fd12" | attr "octets" => 253 18 0 0 0 0 0 0 0 0 0 0 0 0 0 7
		. | include "address" "^fd12" | attr "type" => IPv6
		. | include "name" "lo" | join "size" " " => 16777216 1
	EOT
}

@test "math" {
	expect_actions <<-'EOT'
		. | include "address" "^8[.]" | math "address" "+1" | attr "string" => 8.8.4.6/30
		. | include "address" "^8[.]" | math "address" "-6" | attr "address" => 8.8.3.255
		. | include "address" "^8[.]" | math "address" "-134743046" | attr "address" => 255.255.255.255
		. | include "address" "^8[.]" | math "network" "+2" | attr "address" => 8.8.4.6
		. | include "address" "^8[.]" | math "network" "+5" | attr "address" => 8.8.4.5
		. | include "address" "^8[.]" | math "network" "-1" | attr "address" => 8.8.4.7
		. | include "address" "^8[.]" | math "mask" "16" | attr "string" => 8.8.0.0/16
		. | include "address" "^192" | math "mask" "28" | attr "string" => 192.168.7.0/24
		. | include "address" "^fd12" | math "address" "-8" | attr "address" => fd11:ffff:ffff:ffff:ffff:ffff:ffff:ffff
		. | include "address" "^fd12" | math "network" "+9223372036854775807" | attr "address" => fd12::7fff:ffff:ffff:ffff
		. | include "address" "^fd12" | math "network" "-1" | attr "address" => fd12::ffff:ffff:ffff:ffff:ffff
		. | include "address" "^::1" | math "address" "+65535" | attr "address" => ::1:0
		. | include "address" "^fd12" | math "mask" "8" | attr "string" => fd00::/8
		. | include "name" "eth1" | math "address" "+1" | math "address" "-1" | join "name" "," => eth1,eth1
	EOT
}

@test "the language around them is Go's" {
	expect_actions <<-'EOT'
		range . }}{{ attr "type" . | printf "%.4s" }}{{ end => IPv4IPv6IPv4IPv4IPv4IPv6IPv6IPv4IPv4IPv4IPv4IPv6
		with $x := GetPrivateIP }}<{{ $x }}>{{ end => <172.16.5.5>
		with . | include "name" "nosuch" }}some{{ else }}none{{ end => none
		(index . 0).Name => lo
		if eq GetPrivateIP "172.16.5.5" }}yes{{ end => yes
		GetPrivateIP }} {{ GetPublicIP => 172.16.5.5 8.8.4.5
	EOT
	template in <<<'{{ sockaddr "GetInterfaceIP" "\"eth1\"" }}{{ range loop 3 }} {{ sockaddr "GetPublicIP" | toUpper }}{{ end }}'
	render 0
	[[ $output == "172.16.5.5 8.8.4.5 8.8.4.5 8.8.4.5" ]]
}

@test "errors" {
	expect_errors <<-'EOT'
		GetNothing => function "GetNothing" not defined
		sockaddr "GetPrivateIP" => function "sockaddr" not defined
		key "x" => function "key" not defined
		GetPrivateIP ( => unclosed left paren
		. | include "what" "x" => include: unknown criterion
		. | include "flags" "up|away" => include: unknown flag
		. | include "type" "ipx" => include: unknown type
		. | include "rfc" "1" => include: unsupported RFC
		. | include "rfc" "1918|" => include: unsupported RFC
		. | include "network" "10.0.0.0/33" => include: not an address or a network
		. | include "network" "localhost" => include: not an address or a network
		. | include "size" "x" => include: not the size of a mask
		. | include "size" "64" => include: the mask of IPv4 has at most 32 bits
		. | exclude "name" "(" => exclude: regular expression:
		. | limit 0 | exclude "name" "(" => exclude: regular expression:
		. | sort "" => sort: unknown order
		. | sort "name,,size" => sort: unknown order
		. | sort "name,name,name,name,name,name,name,name,name,name,name,name,name,name,name,name,name" => sort: more than 16 orders
		. | unique "type" => unique: neither
		. | limit -1 => limit: a negative number
		. | offset 13 => offset: there are only 12 addresses
		. | attr "speed" => attr: unknown attribute
		. | include "type" "ipv6" | attr "uint32" => attr: unknown attribute
		"x" | attr "name" => attr: cannot use a string
		. | math "address" "1" => math: not a number with a sign
		. | math "address" "+1x" => math: not a number with a sign
		. | math "mask" "33" => math: not the size of a mask
		. | math "port" "+1" => math: unknown operation
		"x" | join "address" " " => wrong type for value; expected list of interfaces; got string
	EOT
}

@test "which route is the default" {
	echo '{{ sockaddr "GetDefaultInterfaces | unique \"name\" | attr \"name\"" }}' >"$dir/in.ctmpl"
	more='ip route del default;' render 1
	[[ $stderr == *"sockaddr: GetDefaultInterfaces: no default route"* ]]
	more='ip route del default; ip -6 route add default via 2600::1 dev eth0;' render 0
	[[ $output == eth0 ]]
	more='ip -6 route add default via 2600::1 dev eth0;' render 0
	[[ $output == eth1 ]]
	more='ip route del default; ip route add default dev eth3;' render 0
	[[ $output == eth3 ]]
	more='ip route add default dev eth3 metric 1;' render 0
	[[ $output == eth1 ]]
	more='ip route add default via 10.1.0.1 dev eth0 metric 7; ip route replace default via 172.16.0.1 dev eth1 metric 9; ip route del default via 172.16.0.1 metric 0;' render 0
	[[ $output == eth0 ]]
	more='ip route del default; ip route add unreachable default;' render 1
	# Without a default route, private addresses are found all the same.
	echo '{{ sockaddr "GetPrivateIP" }}' >"$dir/in.ctmpl"
	more='ip route del default;' render 0
	[[ $output == 172.16.5.5 ]]
}

@test "hostile texts end" {
	expect_errors <<-'EOT'
		template "a" }}{{ define "a" }}{{ template "a" }}{{ end => templates call each other more than 1000 levels deep
		GetAllInterfaces | include "type" "ip|ip|ip|ip|ip|ip|ip|ip" | include "type" "ip|ip|ip|ip|ip|ip|ip|ip" | include "type" "ip|ip|ip|ip|ip|ip|ip|ip" | include "type" "ip|ip|ip|ip|ip|ip|ip|ip" => include: more than 8192 addresses
	EOT
	echo '{{ sockaddr (printf "%5000d" 1) }}' >"$dir/in.ctmpl"
	render 1
	[[ $stderr == *"sockaddr: more than 4096 bytes"* ]]
	echo '{{ range loop 1000000 }}{{ sockaddr "GetPrivateIPs" }}{{ end }}' >"$dir/in.ctmpl"
	render 1
	[[ $stderr == *"takes longer than"* || $stderr == *"of memory"* || $stderr == *"MiB of output"* || $stderr == *"steps"* ]]
}
