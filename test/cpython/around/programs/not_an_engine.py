"""Replaces the engine in tests, and fails in the way that its first argument names."""

import os
import signal
import struct
import sys

how, lines = sys.argv[1], sys.argv[sys.argv.index("--lines") + 1]
messages = int(lines.split(",")[0])
if how == "text":
    os.write(messages, b"Welcome to the engine\n")
if how == "message":
    head = b'[{"type":"welcome"},[]]'
    os.write(messages, struct.pack("<II", 4 + len(head), len(head)) + head)
if how == "half":
    os.write(messages, b"\x50\0\0\0half")
if how == "words":
    sys.exit("boom: it is broken")
if how == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
if how in ("text", "message"):
    signal.pause()
