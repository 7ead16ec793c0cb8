"""What administers a database server, from programs, in an interpreter's process and on plain CPython."""
