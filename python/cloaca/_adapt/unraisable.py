"""Reports an exception that cannot be raised: from a thread, or from a callback that C would have called.

This module replaces nothing. ``sys.unraisablehook`` takes a C object that Python cannot create. So the text of the
standard hook is printed here, and a hook of the script receives an object with the same attributes.
"""

from __future__ import annotations

import sys
import traceback
import types
from typing import Any, Optional


def report(error: BaseException, message: Optional[str] = None, about: Any = None) -> None:
    """Reports an exception. ``about`` is the object that raised it, if there is one."""
    if sys.unraisablehook is sys.__unraisablehook__:
        head = message or "Exception ignored in"
        print(f"{head}:" if about is None else f"{head}: {about!r}", file=sys.stderr)
        traceback.print_exception(error)
        return
    facts = {"exc_type": type(error), "exc_value": error, "exc_traceback": error.__traceback__}
    sys.unraisablehook(types.SimpleNamespace(**facts, err_msg=message, object=about))
