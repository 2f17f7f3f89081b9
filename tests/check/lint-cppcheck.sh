#!/bin/sh
# cppcheck, for errors that the compilers do not report.  It uses all processors:
# background
# limit 1200
cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$(nproc)" --std=c11 \
	--enable=warning,performance,portability --suppress=missingIncludeSystem \
	-I. -Isupervisor -D_GNU_SOURCE -DVERSION='""' supervisor hooks consul
