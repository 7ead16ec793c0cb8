"""Output and log records of calls in a process of CPython, which go to the engine and to the standard streams."""
