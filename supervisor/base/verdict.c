#include "verdict.h"

const char *health_status_name(enum health_status status)
{
	static const char *const names[] = {
#define X(code, name) [STATUS_##code] = name,
		HEALTH_STATUSES(X)
#undef X
	};

	return names[status];
}
