"""The time zone database, for machines that have none.

``zoneinfo`` looks into the system's database, then for the package ``tzdata``, which Pyodide (seen in 314.0.7) does not
bring along. Its wheel lies in ``_vendor``, found last on the search path. Can go when Pyodide brings it.
"""

from __future__ import annotations

import glob
import os
import sys

_VENDOR = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_vendor")


def prepare() -> None:
    sys.path.extend(glob.glob(os.path.join(_VENDOR, "tzdata-*.whl")))
