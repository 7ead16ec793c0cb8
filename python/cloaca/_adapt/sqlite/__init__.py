"""``sqlite3`` on files of the host: native SQLite with real locks, behind the classes of the standard library.

Runs in an interpreter's process, which holds the databases (``src/interpreter/sqlite.ts``).
"""
