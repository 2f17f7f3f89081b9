/* cmd_metrics.h - the verb `metrics`: what pilotfish tells at /metrics (metrics.h). */
#ifndef CMD_METRICS_H
#define CMD_METRICS_H

#include "command/command.h"

verb_fn cmd_metrics;

#endif
