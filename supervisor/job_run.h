/* job_run.h - one run of a job: what its hook gets, and the account of its end.  For job.c alone. */
#ifndef JOB_RUN_H
#define JOB_RUN_H

#include "job.h"

/* The hook gets the event that has caused the run, with its document. */
bool job_run_start(struct job *job, struct error *error);

/* The hook has ended: count and log it, and publish exitSuccess or exitFailed. */
void job_run_note_end(struct job *job);

#endif
