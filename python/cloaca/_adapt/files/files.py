"""``os`` on the host's files: umask, hard links and named pipes.

In Pyodide (seen in 314.0.7), ``os.umask`` has no effect, and ``os.link`` and ``os.mkfifo`` do not exist. Here the host
keeps the umask and creates links and pipes (``file-rules.ts``). Can be deleted when Pyodide does the same.

Proved by ``python/tests/stdlib/test_os.py``.
"""

from __future__ import annotations

import errno
import os
import pathlib
import sys
from typing import Any, Optional

from ..._border import host
from ..builtin import builtin
from ..c_numbers import c_int


def umask(mask: int, /) -> int:
    """Set the current numeric umask and return the previous umask."""
    return int(host.files.umask(c_int(mask)))


def link(
    src: Any,
    dst: Any,
    *,
    src_dir_fd: Optional[int] = None,
    dst_dir_fd: Optional[int] = None,
    follow_symlinks: bool = True,
) -> None:
    """Create a hard link to a file."""
    if src_dir_fd is not None or dst_dir_fd is not None:
        raise NotImplementedError("link: dir_fd unavailable on this platform")
    sys.audit("os.link", src, dst, -1, -1)
    name = host.files.link(*(os.path.abspath(os.fsdecode(path)) for path in (src, dst)))
    if name:
        code = getattr(errno, name, errno.EIO)
        raise OSError(code, os.strerror(code), src, None, dst)


def mkfifo(path: Any, mode: int = 0o666, *, dir_fd: Optional[int] = None) -> None:
    """Create a "fifo" (a POSIX named pipe)."""
    if dir_fd is not None:
        raise NotImplementedError("mkfifo: dir_fd unavailable on this platform")
    name = host.files.make_named_pipe(os.path.abspath(os.fsdecode(path)), c_int(mode))
    if name:
        code = getattr(errno, name, errno.EIO)
        raise OSError(code, os.strerror(code), path)


def _hardlink_to(self: pathlib.Path, target: Any) -> None:
    """Make this path a hard link pointing to the same file as *target*."""
    os.link(target, self)


def prepare() -> None:
    os.umask = builtin(umask, "os")
    os.link = builtin(link, "os")
    os.mkfifo = builtin(mkfifo, "os")
    pathlib.Path.hardlink_to = _hardlink_to  # type: ignore[method-assign]
