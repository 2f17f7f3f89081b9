#!/bin/sh
# cppcheck, for what it finds beyond the compilers.
cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$(nproc)" --std=c11 \
	--enable=warning,performance,portability --suppress=missingIncludeSystem \
	-I. -Isupervisor -D_GNU_SOURCE -DVERSION='""' supervisor hooks consul
