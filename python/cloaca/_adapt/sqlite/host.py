"""The host's databases, for the other files of this package: ``sqlite3_module`` connects them at every start.

Nothing is replaced here.
"""

from __future__ import annotations

from typing import Any

#: ``src/interpreter/sqlite.ts``: calls that answer at once.
databases: Any = None
