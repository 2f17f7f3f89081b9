#include "command.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/buf.h"
#include "config/load.h"

int cmd_options(const struct call *call)
{
	struct buf text = BUF_INIT;

	config_print_manual(&text, call->mdoc);
	fputs(text.data, stdout);
	buf_release(&text);
	return EX_OK;
}
