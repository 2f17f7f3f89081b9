#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "import/import.h"

int cmd_import(const struct call *call)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	struct error error = ERROR_INIT;
	int code = import_print(call->words.items[0], &text, &error);

	if (code)
		return command_fail(code, &error);
	fputs(text.data, stdout);
	return EX_OK;
}
