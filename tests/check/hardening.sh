#!/bin/sh
# The program has the mitigations that the Makefile asks for.
program=${B:-build}/pilotfish
has() { grep -qE -- "$1" || { echo "$program: no $2"; exit 1; }; }

readelf -hW "$program" | has 'Type: *DYN' 'position-independent code' || exit 1
readelf -lW "$program" | has GNU_RELRO RELRO || exit 1
readelf -dW "$program" | has BIND_NOW 'immediate binding' || exit 1
readelf -lW "$program" | grep GNU_STACK | has 'RW ' 'stack without execution' || exit 1
readelf -sW "$program" | has __stack_chk_fail 'stack protector' || exit 1
readelf -sW "$program" | has '__[a-z]*_chk@' FORTIFY || exit 1
