#include "command.h"

#include <stdio.h>
#include <sysexits.h>

int cmd_version(const struct call *call)
{
	(void)call;
	puts("pilotfish " VERSION);
	return EX_OK;
}
