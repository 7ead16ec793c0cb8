"""How long tests wait for what comes at once on an idle machine."""

from __future__ import annotations

#: In seconds: what has not come by then never comes, however busy the machine is. Nothing measures how long a thing
#: takes.
LIMIT = 60.0
