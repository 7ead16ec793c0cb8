"""Output appears when it is printed, and stdout and stderr keep their order.

Pyodide's streams (seen in 314.0.7) buffer bytes, and what stays in the buffer of a terminated worker is lost. Such a
buffer also looks for signals in the middle of its work, where neither a handler nor another stack may use it. So the
texts go to the descriptors without one, as with ``-u``, in whole lines. Can go when the interpreter's exit flushes
reliably, and its threads have identities that C knows.
"""

from __future__ import annotations

import io
import os
import sys


def install() -> None:
    is_unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    for name, descriptor, usual_errors in (("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        raw = io.FileIO(descriptor, "wb", closefd=False)
        raw.name = f"<{name}>"  # type: ignore[assignment]
        stream = io.TextIOWrapper(
            raw,  # type: ignore[type-var]
            encoding or "utf-8",
            (name == "stdout" and errors) or usual_errors,
            line_buffering=True,
            write_through=is_unbuffered,
        )
        stream.mode = "w"  # type: ignore[misc]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
