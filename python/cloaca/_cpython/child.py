"""Entry point of a process of CPython that the engine has started: ``PYTHON .../cloaca/_cpython/child.py``.

The lines to the engine are descriptors 3, 4 and 5. The process ends with them, and with the engine, whatever it does.
"""

import os
import sys


def _process():  # type: ignore[no-untyped-def]
    """Imports the package that contains this file, even if another one is installed."""
    folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # the folder of this file, which python adds for a script
    sys.path.insert(0, folder)
    from cloaca._cpython import process

    sys.path.remove(folder)
    sys.path.append(folder)  # for the processes that scripts start
    return process


def main() -> None:
    """Sends the first message, and serves the engine."""
    if sys.version_info < (3, 9):  # noqa: UP036 - users can choose any version
        sys.exit(1)  # the engine determines and reports the reason
    _process().run()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
