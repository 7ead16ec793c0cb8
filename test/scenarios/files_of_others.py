"""Works on files that another process creates, deletes and replaces. Lines like "make a lock" ask it for a change."""

import os
import pathlib
import shutil
import sys
import tempfile


def turn(line):
    print(line, flush=True)
    sys.stdin.readline()


def is_new(path):
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False


turn("make a lock")
print("lock", is_new("lock"))
turn("remove the lock")
print("lock", is_new("lock"))
os.remove("lock")

pathlib.Path("thing").write_text("a file")
turn("make thing a folder")
print("folder", os.path.isdir("thing"), os.listdir("thing"))
turn("remove thing")
print("gone", os.path.exists("thing"), os.mkdir("thing"))

pathlib.Path("log").write_text("old")
before = os.stat("log").st_ino
turn("rotate the log")
print("rotated", os.stat("log").st_ino != before, pathlib.Path("log").read_text())

turn("watch target")
for number in range(200):
    pathlib.Path("next").write_text(f"version {number}")
    os.replace("next", "target")
turn("watched")

os.rename("target", os.path.join(tempfile.gettempdir(), f"cloaca-moved-{os.getpid()}"))
shutil.move(os.path.join(tempfile.gettempdir(), f"cloaca-moved-{os.getpid()}"), "back")
print("moved", pathlib.Path("back").read_text())
