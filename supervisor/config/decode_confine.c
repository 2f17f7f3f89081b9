#include "decode.h"

#include <string.h>

#include "base/alloc.h"
#include "config.h"
#include "scalar.h"

static bool add_capability(struct confinement *confinement, const char *name, struct error *error)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	int number = capability_parse(name);

	if (number >= 0) {
		confinement->capabilities |= UINT64_C(1) << number;
		return true;
	}
	for (int i = 0; capability_name(i); i++)
		strv_push(&names, capability_name(i));
	return fail(error, "there is no capability \"%.64s\"%s", name, suggest(name, &names).text);
}

bool decode_capabilities(const struct field *field, void *slot, const json_t *value,
			 struct error *error)
{
	CLEANUP(strv_release) struct strv words = { 0 };
	struct confinement *confinement = &((struct exec_config *)slot)->confinement;

	(void)field;
	if (!json_is_array(value) || !scalar_strings(value, &words))
		return false;
	confinement->drops = true;
	for (size_t i = 0; i < words.count; i++)
		if (!add_capability(confinement, words.items[i], error))
			return false;
	return true;
}

static bool add_restriction(struct confinement *confinement, const char *word,
			    struct error *error)
{
	static const char *const words[] = {
#define X(code, name) [RESTRICT_##code] = name,
		RESTRICTIONS(X)
#undef X
	};
	CLEANUP(strv_release) struct strv known = { 0 };

	for (int i = 0; i < RESTRICTION_COUNT; i++) {
		if (!strcmp(word, words[i])) {
			confinement->restrictions |= 1U << i;
			return true;
		}
		strv_push(&known, words[i]);
	}
	return fail(error, "there is no restriction \"%.64s\"%s", word, suggest(word, &known).text);
}

bool decode_restrict(const struct field *field, void *slot, const json_t *value,
		     struct error *error)
{
	CLEANUP(strv_release) struct strv words = { 0 };
	struct exec_config *exec = slot;

	(void)field;
	if (!scalar_strings(value, &words))
		return false;
	for (size_t i = 0; i < words.count; i++)
		if (!add_restriction(&exec->confinement, words.items[i], error))
			return false;
	return true;
}
