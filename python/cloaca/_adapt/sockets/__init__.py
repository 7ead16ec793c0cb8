"""``socket``, ``select``, ``selectors`` and the event loop of ``asyncio``, over the sockets of Node.

Runs in an interpreter's process, which holds the sockets (``src/interpreter/network/``).
"""
