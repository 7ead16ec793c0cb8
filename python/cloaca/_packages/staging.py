"""A folder of packages that is changed as a whole, or not at all.

pip changes a copy of the folder (hard links: no file is written in place, each is made anew and put in the other's
place), and the copy takes the folder's place when pip has succeeded. So a command that is killed, or that finds the
disk full, leaves what was there, and no script sees half of a package. Used by ``command``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
from typing import Iterator

#: Behind the name of a folder of packages: the copy that is changed, what was there before, and the lock.
_NEXT, _PREVIOUS, _LOCK = ".next", ".previous", ".lock"


class Staging:
    """A change of a folder of packages: ``path`` is the copy to change."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.path = target + _NEXT
        self._has_succeeded = False

    def keep(self) -> None:
        """Has the copy take the folder's place when the change ends."""
        self._has_succeeded = True

    def begin(self) -> None:
        """Makes the copy, of what is there; what a change that was killed has left is removed."""
        _mend(self._target)
        if os.path.isdir(self._target):
            shutil.copytree(self._target, self.path, symlinks=True, copy_function=_link)
        else:
            os.mkdir(self.path)

    def end(self) -> None:
        """Puts the copy in the folder's place, or throws it away."""
        if not self._has_succeeded:
            shutil.rmtree(self.path, ignore_errors=True)
            return
        if os.path.isdir(self._target):
            os.rename(self._target, self._target + _PREVIOUS)
        # Between these two lines there is no folder: whoever looks then takes the previous one (project-packages.ts).
        os.rename(self.path, self._target)
        shutil.rmtree(self._target + _PREVIOUS, ignore_errors=True)


@contextlib.contextmanager
def staging(target: str) -> Iterator[Staging]:
    """One change of a folder of packages at a time; others wait for it."""
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
            print(f"cloaca: another cloaca pip changes {target}; waiting for it.", file=sys.stderr, flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        # Without the addon, or on a file system without locks, nobody is kept out: two copies would be one folder.
        print(f"cloaca: {target} cannot be locked ({error}): run one cloaca pip at a time.", file=sys.stderr)


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
    """A text that may name the copy, with the folder's own name."""
    inside = os.path.join(*target.split(os.sep)[-2:])
    return text.replace(inside + _NEXT, inside)
