#include "function.h"

#include <string.h>

static bool is_named(const char *known, const char *name, size_t size)
{
	return !strncmp(known, name, size) && !known[size];
}

static const struct function *find_in(const struct function *table, enum template_profile profile,
				      const char *name, size_t size)
{
	for (; table->name; table++)
		if (table->profiles & profile && is_named(table->name, name, size))
			return table;
	return NULL;
}

/* Functions of sprig that equal one of consul-template. */
static const char *const sprig_names[][2] = {
	{ "sprig_upper", "toUpper" }, { "sprig_lower", "toLower" }, { "sprig_trim", "trimSpace" },
	{ "sprig_trimAll", "trim" }, { "sprig_trimall", "trim" }, { "sprig_trimPrefix", "trimPrefix" },
	{ "sprig_trimSuffix", "trimSuffix" }, { "sprig_replace", "replaceAll" },
	{ "sprig_toJson", "toJSON" }, { "sprig_b64enc", "base64Encode" },
	{ "sprig_sha256sum", "sha256Hex" },
};

const struct function *function_find(enum template_profile profile, const char *name, size_t size)
{
	static const struct function *(*const tables[])(void) = {
		functions_core, functions_compare, functions_config, functions_text, functions_parse,
		functions_markup, functions_digest, functions_math, functions_list, functions_group,
		functions_data, functions_misc, functions_sockaddr, functions_sprig,
	};
	const struct function *found = NULL;

	for (size_t i = 0; i < sizeof sprig_names / sizeof *sprig_names; i++)
		if (is_named(sprig_names[i][0], name, size)) {
			name = sprig_names[i][1];
			size = strlen(name);
		}
	for (size_t i = 0; i < sizeof tables / sizeof *tables && !found; i++)
		found = find_in(tables[i](), profile, name, size);
	return found;
}

bool function_is_unsupported(const char *name, size_t size)
{
	static const char *const prefixes[] = { "sprig_", "spew_", "nomad" };
	static const char *const names[] = {
		"vault", "secrets", "secret", "pkiCert", "peerings", "partitions",
		"exportedServices", "importedServices",
	};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (size >= strlen(prefixes[i]) && !memcmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is_named(names[i], name, size))
			return true;
	return false;
}
