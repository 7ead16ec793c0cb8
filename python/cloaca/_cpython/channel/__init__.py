"""Lines between a process of CPython and the engine: frames, control records, and reports about the process."""
