"""Changes a folder of packages as a whole, or not at all.

pip changes a copy of the folder, and the copy replaces the folder when pip has succeeded. The copy consists of hard
links, which is safe because pip replaces files instead of writing into them. So a command that is killed, or that runs
out of disk space, leaves the old folder, and no script sees half of a package. ``command`` uses this module.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
from typing import Iterator

#: Suffixes of a package folder's name for the copy, for the previous folder, and for the lock.
_NEXT, _PREVIOUS, _LOCK = ".next", ".previous", ".lock"


class Staging:
    """Change of a folder of packages. ``path`` is the copy to change."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.path = target + _NEXT
        self._has_succeeded = False

    def keep(self) -> None:
        """Makes the copy replace the folder when the change ends."""
        self._has_succeeded = True

    def begin(self) -> None:
        """Removes the remains of a change that was killed, and creates the copy."""
        _mend(self._target)
        if os.path.isdir(self._target):
            shutil.copytree(self._target, self.path, symlinks=True, copy_function=_link)
        else:
            os.mkdir(self.path)

    def end(self) -> None:
        """Replaces the folder with the copy, or deletes the copy."""
        if not self._has_succeeded:
            shutil.rmtree(self.path, ignore_errors=True)
            return
        if os.path.isdir(self._target):
            os.rename(self._target, self._target + _PREVIOUS)
        # Between these two lines the folder does not exist, and the engine uses the previous one (project-packages.ts).
        os.rename(self.path, self._target)
        shutil.rmtree(self._target + _PREVIOUS, ignore_errors=True)


@contextlib.contextmanager
def staging(target: str) -> Iterator[Staging]:
    """Makes one change of a folder of packages. Other changes wait for its end."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target + _LOCK, "a", encoding="ascii") as lock:
        _take(lock.fileno(), target)
        change = Staging(target)
        try:
            change.begin()
            yield change
        finally:
            change.end()


def _take(descriptor: int, target: str) -> None:
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f'cloaca: Waiting for another "cloaca pip" that is changing "{target}".'
            print(message, file=sys.stderr, flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        # Without the addon, or on a file system without locks, two commands could change the same copy.
        print(f'cloaca: Cannot lock "{target}" ({error}). Run only one "cloaca pip" at a time.', file=sys.stderr)


def _mend(target: str) -> None:
    if os.path.isdir(target + _PREVIOUS) and not os.path.isdir(target):
        os.rename(target + _PREVIOUS, target)
    for rest in (target + _NEXT, target + _PREVIOUS):
        if os.path.isdir(rest):
            shutil.rmtree(rest)


def _link(source: str, destination: str) -> str:
    try:
        os.link(source, destination)
    except OSError:
        shutil.copy2(source, destination)  # a file system without links
    return destination


def shown(text: str, target: str) -> str:
    """Replaces the name of the copy in a text with the name of the folder."""
    inside = os.path.join(*target.split(os.sep)[-2:])
    return text.replace(inside + _NEXT, inside)
