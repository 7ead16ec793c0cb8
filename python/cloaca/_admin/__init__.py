"""Administration of a database server by programs, in the process of an interpreter and on plain CPython."""
