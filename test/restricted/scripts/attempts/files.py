"""Attempts to reach files."""

import mmap
import os

from attempts import nothing

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def attempts(place):
    outside, writable = place.outside, place.writable
    return {
        "environ": lambda: open("/proc/self/environ", "rb").read(),
        "environ_of_engine": lambda: open(f"/proc/{os.getppid()}/environ", "rb").read(),
        "memory_of_engine": lambda: open(f"/proc/{os.getppid()}/mem", "rb").read(1),
        "memory": lambda: open("/proc/self/mem", "rb").read(1),
        "maps": lambda: open("/proc/self/maps", "rb").read(1),
        "root": lambda: os.listdir("/proc/self/root"),
        "messages_in": lambda: os.read(3, 1),
        "messages_out": lambda: os.write(4, b"\0\0\0\1"),
        "control": lambda: os.write(5, b"\0" * 8),
        "messages_by_path": lambda: open("/proc/self/fd/4", "wb"),
        "control_by_path": lambda: open("/dev/fd/5", "wb"),
        "inherited": lambda: [os.fstat(number) for number in range(6, 64)],
        "own_descriptors": lambda: nothing([each for each in os.listdir("/proc/self/fd") if int(each) > 3]),
        "absolute": lambda: open(f"{outside}/secret.txt").read(),
        "listing": lambda: os.listdir(outside),
        "status": lambda: os.stat(f"{outside}/secret.txt"),
        "by_dots": lambda: open(f"{HERE}/../../../../../../../../../../..{outside}/secret.txt").read(),
        "by_folder_descriptor": lambda: os.open("secret.txt", os.O_RDONLY, dir_fd=os.open(outside, os.O_RDONLY)),
        "link": lambda: open(f"{writable}/link.txt").read(),
        "link_to_folder": lambda: os.listdir(f"{writable}/folder"),
        "through_link": lambda: open(f"{writable}/folder/secret.txt").read(),
        "written_link": lambda: open(f"{writable}/link.txt", "w"),
        "dangling_link": lambda: open(f"{writable}/dangling.txt", "w"),
        "new_link": lambda: os.symlink(f"{outside}/secret.txt", f"{writable}/mine.txt"),
        "second_name": lambda: os.link(f"{outside}/secret.txt", f"{writable}/mine.txt"),
        "renamed_link": lambda: (
            os.rename(f"{writable}/moved.txt", f"{writable}/other.txt"),
            open(f"{writable}/other.txt").read(),
        ),
        "write": lambda: open(f"{outside}/made", "w"),
        "folder": lambda: os.mkdir(f"{outside}/made"),
        "removal": lambda: os.remove(f"{outside}/secret.txt"),
        "rename_out": lambda: (open(f"{writable}/x", "w").close(), os.rename(f"{writable}/x", f"{outside}/made")),
        "rename_in": lambda: os.rename(f"{outside}/secret.txt", f"{writable}/mine.txt"),
        "mode": lambda: os.chmod(f"{outside}/secret.txt", 0o777),
        "pipe_with_a_name": lambda: os.mkfifo(f"{outside}/made"),
        "own_folder_written": lambda: open(f"{HERE}/made", "w"),
        "mapped": lambda: mmap.mmap(os.open(f"{outside}/secret.txt", os.O_RDONLY), 1),
        "top_folder": lambda: os.mkdir("/made"),
    }
