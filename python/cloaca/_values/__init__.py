"""Checks and conversions of plain values: arguments, context values, JSON, durations, database URLs.

The functions are pure and do not depend on the engine, in an interpreter's process and on plain CPython.
"""
