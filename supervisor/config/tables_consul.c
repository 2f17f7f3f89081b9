#include "tables.h"

#include "config.h"
#include "decode.h"
#include "rules.h"

static const struct field tls_fields[] = {
	{ "cafile", STRING(tls_config, ca_file), .flags = TRIMMED, .env = "CONSUL_CACERT",
	  .help = "The certificate authorities to trust, a PEM file. Default: the system's." },
	{ "capath", STRING(tls_config, ca_path), .flags = TRIMMED, .env = "CONSUL_CAPATH",
	  .help = "The certificate authorities to trust, a directory." },
	{ "clientcert", STRING(tls_config, client_cert), .flags = TRIMMED, .env = "CONSUL_CLIENT_CERT",
	  .help = "The client certificate, a PEM file." },
	{ "clientkey", STRING(tls_config, client_key), .flags = TRIMMED, .env = "CONSUL_CLIENT_KEY",
	  .help = "The key of the client certificate, a PEM file." },
	{ "servername", STRING(tls_config, server_name), .flags = TRIMMED, .env = "CONSUL_TLS_SERVER_NAME",
	  .help = "The name that must be in Consul's certificate. Default: the host of the "
		  "address." },
	{ "verify", BOOL(tls_config, verify), .env = "CONSUL_HTTP_SSL_VERIFY", .initial = "true",
	  .help = "Verify Consul's certificate. If false, any host can pretend to be Consul." },
	{ 0 }
};
static const struct record tls_record = {
	.title = "tls",
	.about = "Certificates for https. The environment overrides the file.",
	.fields = tls_fields,
};

static const struct field consul_fields[] = {
	{ "address", STRING(consul_config, address), .flags = ENV_FILLS | TRIMMED,
	  .env = "CONSUL_HTTP_ADDR", .initial = "127.0.0.1:8500",
	  .help = "\"host:port\", \"http://host:port\", \"https://host:port\" or "
		  "\"unix:///path\". The default port is 8500, for https 8501. \":8500\" is on this host. A path, as of a "
		  "proxy, comes before the /v1/ of each request. The file overrides the "
		  "environment." },
	{ "scheme", STRING(consul_config, scheme), .flags = TRIMMED, .must_be = "\"http\" or \"https\"",
	  .help = "The scheme of an address without one. Default: https if CONSUL_HTTP_SSL is "
		  "true in the environment, else http." },
	{ "token", STRING(consul_config, token), .flags = SECRET | TRIMMED,
	  .help = "The ACL token; tokenFile is better. CONSUL_HTTP_TOKEN in the environment "
		  "overrides token and tokenFile." },
	{ "tokenFile", STRING(consul_config, token_file), .flags = TRIMMED,
	  .help = "A file with the ACL token. It is read again when it changes. "
		  "CONSUL_HTTP_TOKEN_FILE in the environment overrides token and tokenFile." },
	{ "auth", STRING(consul_config, auth), .env = "CONSUL_HTTP_AUTH", .flags = SECRET | TRIMMED,
	  .must_be = "\"user:password\"",
	  .help = "The user name and password for a proxy in front of Consul." },
	{ "datacenter", STRING(consul_config, datacenter), .flags = TRIMMED, .env = "CONSUL_DATACENTER",
	  .help = "The datacenter that watches ask. Default: the agent's own." },
	{ "namespace", STRING(consul_config, namespace), .flags = TRIMMED, .env = "CONSUL_NAMESPACE",
	  .help = "The namespace, in Consul Enterprise." },
	{ "partition", STRING(consul_config, partition), .flags = TRIMMED, .env = "CONSUL_PARTITION",
	  .help = "The admin partition, in Consul Enterprise." },
	{ "settle", SECONDS(consul_config, settle), .initial = "10s",
	  .help = "For this long after trouble with Consul, entries of watched sets and values "
		  "of keys do not vanish, because they may still be coming back." },
	{ "memory", STRING(consul_config, memory), .initial = CONSUL_MEMORY,
	  .must_be = "a size, such as \"" CONSUL_MEMORY "\"",
	  .help = "The memory for answers of Consul and for the data made of them. The largest answer "
		  "that exceeds it fails, with a message, and the last data stay. JSON takes about "
		  "five times its length: 1,000 instances take about 10M." },
	{ "tls", TABLE(consul_config, tls, tls_record),
	  .help = "Certificates for https." },
	{ 0 }
};
static const struct record consul_table = {
	.title = "consul",
	.about = "How to reach the Consul agent. A string is the address. If the key is false, "
		 "or is missing and CONSUL_HTTP_ADDR is not set, Consul is not used.",
	.fields = consul_fields, .finish = consul_rules,
};

const struct record *consul_record(void)
{
	return &consul_table;
}
