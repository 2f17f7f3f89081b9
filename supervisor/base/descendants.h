/* descendants.h - who descends from us, by the parents that /proc names. */
#ifndef DESCENDANTS_H
#define DESCENDANTS_H

unsigned descendants_signal(int signo);		/* how many were found; zombies do not count */

#endif
