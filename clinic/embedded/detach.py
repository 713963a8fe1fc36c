"""Starts a program in a session of its own and says its number: detach.py PROGRAM…"""

import os
import subprocess
import sys

process = subprocess.Popen(
    sys.argv[1:],
    stdin=subprocess.DEVNULL,
    stdout=sys.stderr.fileno(),
    start_new_session=True,
    close_fds=True,
)
sys.stdout.write(f"{process.pid}\n")
sys.stdout.flush()
os._exit(0)
