"""Limits of tasks by name and key, and the exception with which a task begins again later.

The package is part of the public API, in an interpreter's process and on plain CPython. The engine applies the limits.
"""
