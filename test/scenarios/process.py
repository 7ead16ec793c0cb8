"""Prints facts about the process, the user and the time zone, and reads standard input to its end."""

import datetime
import getpass
import os
import pwd
import sys
import time
import zoneinfo

print("pid", os.getpid() == int(os.readlink("/proc/self")), os.getppid() > 0)
print("argv", sys.argv[1:], len(sys.orig_argv) - len(sys.argv), sys.flags.inspect, sys.flags.interactive)
print("user", getpass.getuser(), pwd.getpwuid(os.getuid()).pw_name, os.geteuid() == os.getuid())
print("zone", time.tzname, time.timezone, time.altzone, time.daylight, time.localtime(0)[:6])
print("summer", datetime.datetime(2024, 7, 1, 12).astimezone(), datetime.datetime(2024, 7, 1).astimezone().tzname())
zoneinfo.reset_tzpath([])
print("offline", datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")))
before = time.process_time(), time.thread_time()
time.sleep(0.05)
print("slept", time.thread_time() - before[1] < 0.05)

print("input", repr(input()), repr(sys.stdin.readline()), repr(sys.stdin.read()))
try:
    input()
except EOFError as error:
    print(error)
try:
    os.get_terminal_size()
except OSError as error:
    print("terminal", type(error).__name__)
