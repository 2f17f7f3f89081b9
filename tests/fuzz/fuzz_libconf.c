/* Any bytes as a configuration: parsed, expanded, decoded, checked.
 *
 *	clang -std=gnu17 -g -O1 -fsanitize=fuzzer,address -D_GNU_SOURCE -I. -Isupervisor \
 *		tests/fuzz/fuzz_libconf.c supervisor/config/[a-z]*.c supervisor/base/[a-z]*.c \
 *		-lconfig -ljansson -lev -lm -o build/fuzz_libconf
 *	build/fuzz_libconf -max_total_time=60 -max_len=4096 NEW tests/cases/config
 *
 * New inputs go to the folder NEW.
 */
#include <stdint.h>

#include "config/config.h"
#include "config/libconf.h"
#include "config/sugar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets a string that a syntax error follows. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = ERROR_INIT;
	json_t *tree = libconf_parse("nowhere/x.conf", (const char *)data, size, &error);
	struct config *config = NULL;

	if (tree && sugar_expand(tree, &error))
		config = config_decode(tree, &error);
	if (!config == !error.text[0])
		__builtin_trap();	/* a failure without a word, or words without a failure */
	config_free(config);
	json_decref(tree);
	return 0;
}
