#include "cmd_metrics.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "metrics.h"

int cmd_metrics(const struct call *call)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT;

	metrics_print_manual(call->mdoc, &text);
	fputs(text.data, stdout);
	return EX_OK;
}
