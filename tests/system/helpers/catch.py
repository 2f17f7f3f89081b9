#!/usr/bin/env python3
"""Print "ready", then a line for every signal: its number and, if the sender gave one, its value.
Ends at signal 64, or after half a minute without a signal."""
import ctypes
import errno
import struct
import sys

SI_QUEUE = -1
libc = ctypes.CDLL(None, use_errno=True)
# Python's sigprocmask() and sigwaitinfo() support neither the signals 32 and 33 nor values
everything = (ctypes.c_uint8 * 128)(*[0xFF] * 128)
libc.syscall({"x86_64": 14, "aarch64": 135}[__import__("platform").machine()],
             0, everything, None, 8)
patience = (ctypes.c_long * 2)(30, 0)
print("ready", flush=True)
while True:
    info = ctypes.create_string_buffer(128)
    if libc.sigtimedwait(everything, info, patience) < 0:
        if ctypes.get_errno() == errno.EAGAIN:
            sys.exit(1)
        continue
    number, _, code = struct.unpack_from("iii", info)
    value, = struct.unpack_from("i", info, 24)
    if number == 64:
        sys.exit(0)
    if number != 17:
        print("%d=%d" % (number, value) if code == SI_QUEUE else number, flush=True)
