"""A process of CPython as an interpreter: messages in and out, calls, and the stop of calls.

``session`` answers the messages of the engine, ``calls.entries`` runs calls on threads, ``calls.limits`` stops them,
and ``output.speaker`` sends their output. ``around`` is for a program under plain Python, which starts the engine.

The process runs the user's own Python, 3.9 or newer. Nothing here needs Pyodide.
"""
