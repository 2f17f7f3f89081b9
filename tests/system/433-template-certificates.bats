# caRoots and caLeaf, with the certificate authority of a real Consul's Connect.

load templates
load trouble

setup_file()
{
	start_consul --config '{"log_level": "warn"}'
	start_consul -n meshless --config '{"log_level": "warn", "connect": { "enabled": false }}'
	export meshless_address=$consul_address
	consul=consul consul_address=$(jq -r '"http://127.0.0.1:\(.ports.http)"' "$dir/consul.json")
}

becomes()		# TEMPLATE TEXT
{
	printf '%s' "$1" >"$dir/in.ctmpl"
	run -0 --separate-stderr timeout -k 1 "$(limit)" "$pilotfish" render --consul-addr "$consul_address" \
		-t "$dir/in.ctmpl" --once
	[[ $output == "$2" ]] || fail "$1: '$output', not '$2'"
}

templates_of()		# the roots, and the certificate and the key of this service
{
	template roots <<<'{{ range caRoots }}{{ .RootCertPEM }}{{ end }}'
	template cert <<<"{{ with caLeaf \"$1\" }}{{ .CertPEM }}{{ end }}"
	template key <<<"{{ with caLeaf \"$1\" }}{{ .PrivateKeyPEM }}{{ end }}"
}

is_certified()		# SERVICE: the three files belong together
{
	openssl verify -CAfile "$dir/roots" -purpose sslserver "$dir/cert" &&
		cmp <(openssl x509 -in "$dir/cert" -noout -pubkey) <(openssl pkey -in "$dir/key" -pubout) &&
		openssl x509 -in "$dir/cert" -noout -ext subjectAltName | grep -q "URI:spiffe://.*/svc/$1$"
}

@test "a certificate, the key that belongs to it, and the roots that prove it" {
	templates_of web
	start_templates <<<"$(entry roots), $(entry cert), $(entry key 'perms = "0600";')"
	await is_certified web 2>/dev/null
	[[ $(stat -c %a "$dir/key") == 600 ]]
	# No key in the log.
	[[ $(complaints | wc -l) == 0 ]]
	run ! grep -qF "$(sed -n 2p "$dir/key")" "$dir/main.log"
}

# Consul renews the certificates of an old root within 30 seconds, at random.
@test "a new root comes beside the old one, and certifies what is new" {
	templates_of api
	start_templates <<<"$(entry roots), $(entry cert), $(entry key)"
	await is_certified api 2>/dev/null
	mark
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/ca.key"
	domain=$(consul_get /v1/agent/connect/ca/roots | jq -r .TrustDomain)
	# The second number is too large for an int64.
	for serial in 5 0xF000000000000000; do
		openssl req -x509 -new -key "$dir/ca.key" -days 30 -subj "/CN=new-$serial" -out "$dir/ca.crt" \
			-addext "subjectAltName=URI:spiffe://$domain" -set_serial $serial 2>/dev/null
		consul_put /v1/connect/ca/configuration "$(jq -n --rawfile key "$dir/ca.key" --rawfile cert "$dir/ca.crt" \
			'{ Provider: "consul", Config: { PrivateKey: $key, RootCert: $cert } }')"
		expect_events "template.roots changed"
		becomes '{{ range caRoots }}{{ if .Active }}{{ .ID }}{{ end }}{{ end }}' \
			"$(consul_get /v1/agent/connect/ca/roots | jq -r .ActiveRootID)"
		becomes '{{ with caLeaf "new'$serial'" }}{{ .CertPEM }}{{ end }}' "$(consul_get "/v1/agent/connect/ca/leaf/new$serial" | jq -r .CertPEM)"
		openssl verify -CAfile "$dir/roots" <<<"$output"
		[[ $(openssl x509 -noout -issuer <<<"$output") == *new-$serial ]]
	done
	refute_log 'consul cannot serve'
}

@test "all fields" {
	leaf=$(consul_get /v1/agent/connect/ca/leaf/web)
	for field in SerialNumber Service ServiceURI ValidAfter ValidBefore CreateIndex ModifyIndex; do
		becomes "{{ (caLeaf \"web\").$field }}" "$(jq -r ".$field" <<<"$leaf")"
	done
	becomes '{{ with caLeaf "web" "ignored" }}{{ .Service }}{{ end }}{{ with caLeaf }}x{{ end }}{{ with caLeaf "" }}x{{ end }}' web
	for field in ID Name Active CreateIndex ModifyIndex; do
		becomes "{{ range caRoots }}{{ if .Active }}{{ .$field }}{{ end }}{{ end }}" \
			"$(consul_get /v1/agent/connect/ca/roots | jq -r ".Roots[] | select(.Active) | .$field")"
	done
}

@test "more dependencies than connections" {
	{
		echo '{{ range loop 100 }}{{ with printf "many/%d" . | keyOrDefault "-" }}{{ end }}{{ end }}'
		echo '{{ range loop 100 }}{{ keyExists (printf "many/%d" .) }}{{ end }}'
		echo '{{ range loop 30 }}{{ with caLeaf (printf "many%d" .) }}{{ .Service }} {{ end }}{{ end }}'
	} | sed 1d | template many
	start_templates <<<"$(entry many)"
	expect_events "template.many rendered"
	[[ $(<"$dir/many") == *"many0 many1 "*" many29 "* ]]
}

@test "Connect is off: the log says so, and the template waits" {
	template cert <<<'{{ with caLeaf "web" }}{{ .CertPEM }}{{ end }}{{ range caRoots }}{{ .ID }}{{ end }}'
	consul_address=$meshless_address start_templates <<<"$(entry cert)"
	expect_log 'connect\.caroots: 500 Connect must be enabled'
	expect_log 'connect\.caleaf\(web\): 500 Connect must be enabled'
	[[ ! -e $dir/cert ]]
	[[ $(complaints | wc -l) == 2 ]]
}
