/* s6_job.h - one service of s6 as a job. */
#ifndef S6_JOB_H
#define S6_JOB_H

#include "import.h"

struct s6_service {
	char *name;
	char *folder;			/* to read from */
	char *path;			/* the same in the image */
	enum s6_kind { S6_LONGRUN, S6_ONESHOT, S6_BUNDLE } kind;
	struct strv contents;		/* of a bundle */
	struct strv dependencies;
	bool wanted, seen;
	const char *job;		/* its job's name; NULL: it has none (yet) */
	bool is_ready_by_fd;
};

void s6_service_release(struct s6_service *service);

/* Adds the jobs.  `needs`: of the job, or NULL; it is taken.  False: the import has an error. */
bool s6_add_longrun(struct import *import, struct s6_service *service, json_t *needs);
bool s6_add_oneshot(struct import *import, struct s6_service *service, json_t *needs);

/* A script of cont-init.d. */
bool s6_add_script(struct import *import, struct s6_service *script, json_t *needs);

#endif
