#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "import/import.h"

int cmd_import(const struct call *call)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct error error = ERROR_INIT;
	char **command = call->words.count > 1 ? call->words.items + 1 : NULL;
	int code = import_print(call->words.items[0], command, &text, &error);

	if (code)
		return command_fail(code, &error);
	fputs(text.data, stdout);
	return EX_OK;
}
