/* advice.h - warnings of what works, but hardly as meant; `check` and `run` print them. */
#ifndef ADVICE_H
#define ADVICE_H

#include "config.h"

/* Adds to config->warnings. */
void advise(struct config *config);

#endif
