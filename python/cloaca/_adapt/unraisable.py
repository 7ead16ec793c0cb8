"""Reports an exception that nobody can be given: of a thread, or of a callback that C would have called.

Nothing is replaced here. ``sys.unraisablehook`` takes an object of C's, which cannot be made from Python, so what the
standard hook would print is printed here, and a hook of the script's gets an object with the same attributes.
"""

from __future__ import annotations

import sys
import traceback
import types
from typing import Any, Optional


def report(error: BaseException, message: Optional[str] = None, about: Any = None) -> None:
    """Reports an exception, with the object that it is about, unless that is None."""
    if sys.unraisablehook is sys.__unraisablehook__:
        head = message or "Exception ignored in"
        print(f"{head}:" if about is None else f"{head}: {about!r}", file=sys.stderr)
        traceback.print_exception(error)
        return
    facts = {"exc_type": type(error), "exc_value": error, "exc_traceback": error.__traceback__}
    sys.unraisablehook(types.SimpleNamespace(**facts, err_msg=message, object=about))
