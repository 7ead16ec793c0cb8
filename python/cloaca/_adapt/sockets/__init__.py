"""``socket``, ``select``, ``selectors`` and the event loop of ``asyncio``, implemented with the sockets of Node.

The code runs in the process of an interpreter, which owns the sockets (``src/interpreter/network/``).
"""
