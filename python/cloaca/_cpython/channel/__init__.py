"""The lines between a process of CPython and the engine: frames, control records, and what is said of the process."""
