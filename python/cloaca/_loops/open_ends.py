"""Closes the connections and servers that a script has kept, when its event loop ends.

Under python the process ends with the loop. Here the process continues, and references to a client keep its connection
open. Peers would wait for a script that was reloaded, and its next generation could not listen on the same port.
``base`` calls this module.
"""

from __future__ import annotations

import asyncio
from typing import Any, Iterable


async def close(servers: Iterable[Any], transports: Iterable[Any]) -> None:
    """Closes servers and transports in their loop. Data that cannot be sent immediately is discarded."""
    for server in servers:
        server.close()
    closing = [transport for transport in transports if not transport.is_closing()]
    for transport in closing:
        transport.close()
    await asyncio.sleep(0)  # lost connections are reported in the next step
    for transport in closing:
        transport.abort()
    await asyncio.sleep(0)
