#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "usage.h"

int cmd_help(const struct call *call)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	const char *name = call->words.count ? call->words.items[0] : NULL;

	if (call->mdoc)
		usage_print_mdoc(call->verbs, &text);
	else if (!name)
		usage_print(call->verbs, &text);
	for (const struct verb *verb = call->verbs; name && verb->name; verb++)
		if (!strcmp(verb->name, name)) {
			buf_add(&text, text.used ? "\n" : "");
			usage_print_verb(verb, &text);
		}
	if (!text.used)
		return verb_unknown(call->verbs, name);
	fputs(text.data, stdout);
	return EX_OK;
}
