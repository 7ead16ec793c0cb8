"""What calls print and log in a process of CPython, on its way to the engine and to the process's standard streams."""
