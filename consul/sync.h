/* sync.h - makes Consul's state of a service the wanted one: its requests, one at a time.
 *
 * sync_advance() sends the first request that is due of a table of steps (sync.c).  Nothing is sent
 * while a request is under way, or before the end of a backoff.
 */
#ifndef SYNC_H
#define SYNC_H

#include "service.h"

agent_reply_fn sync_on_reply;			/* of service->request */
void sync_advance(struct service *service);
void sync_address(struct service *service);	/* if ours has changed, registers again */
void sync_release_job(struct service *service);	/* the job may stop */

#endif
