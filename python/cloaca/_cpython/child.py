"""Where a process of CPython begins that the engine has started: ``PYTHON .../cloaca/_cpython/child.py``.

The lines to the engine are descriptors 3, 4 and 5. The process ends with them, whatever it does, and with the engine.
"""

import os
import sys


def _process():  # type: ignore[no-untyped-def]
    """Imports the package that lies around this file, wherever another one is installed."""
    folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # this file's folder, which python puts there for a script
    sys.path.insert(0, folder)
    from cloaca._cpython import process

    sys.path.remove(folder)
    sys.path.append(folder)  # for the processes that scripts start
    return process


def main() -> None:
    """Says hello, becomes what the engine asks for, and serves it."""
    if sys.version_info < (3, 9):  # noqa: UP036 - it may be any
        sys.exit(1)  # the engine asks why, and says it
    _process().run()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
