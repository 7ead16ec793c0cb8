"""What a script's event loop closes when it ends: connections and servers that the script has kept.

Under python the process ends with the loop; here it goes on, and whoever names a client keeps its connection open:
peers would wait for a script that was loaded again, and its next generation could not listen on the same port. Called
by ``base``.
"""

from __future__ import annotations

import asyncio
from typing import Any, Iterable


async def close(servers: Iterable[Any], transports: Iterable[Any]) -> None:
    """Closes them, in the loop that they belong to; what cannot be sent at once is not sent any more."""
    for server in servers:
        server.close()
    closing = [transport for transport in transports if not transport.is_closing()]
    for transport in closing:
        transport.close()
    await asyncio.sleep(0)  # a connection that is lost is heard of in the next step
    for transport in closing:
        transport.abort()
    await asyncio.sleep(0)
