"""Time limit for waits that end immediately on an idle machine."""

from __future__ import annotations

#: Seconds after which a test gives up a wait, even on a busy machine. No test measures durations with it.
LIMIT = 60.0
