/* descendants.h - signal the processes that descend from us, as /proc tells their parents. */
#ifndef DESCENDANTS_H
#define DESCENDANTS_H

unsigned descendants_signal(int signo);		/* returns their number, without zombies */

#endif
