"""``sqlite3`` on files of the host: native SQLite with real locks, with the classes of the standard library.

The code runs in the process of an interpreter, which owns the databases (``src/interpreter/sqlite.ts``).
"""
