"""Becomes an ordinary user and then the given program: become.py [--keep-way-in] UID GID PROGRAM…

A program of its own, because what it does to its process must not happen to its caller, and
Python advises against such work between fork and exec. It imports nothing of ours: it runs
isolated, wherever it lies.
"""

import ctypes
import os
import sys

PR_SET_SECUREBITS = 28
NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


class Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class Data(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def call(function, *words) -> None:
    if function(*words) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def become(uid: int, gid: int, keep_way_in: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if keep_way_in:
        # Or else setuid() would take the capability, and access(), by which PostgreSQL looks
        # for its own programs, would ask as if it were gone.
        call(libc.prctl, PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if keep_way_in:
        bit = 1 << CAP_DAC_OVERRIDE
        only_this = (Data * 2)(Data(bit, bit, bit), Data(0, 0, 0))
        call(libc.capset, ctypes.byref(Header(CAPABILITY_VERSION_3, 0)), only_this)
        call(libc.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def main(words: list[str]) -> None:
    keep_way_in = words[0] == "--keep-way-in"
    uid, gid, *program = words[keep_way_in:]
    become(int(uid), int(gid), keep_way_in)
    os.umask(0o077)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
