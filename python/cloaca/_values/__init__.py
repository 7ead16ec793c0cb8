"""Checks and conversions of plain values: arguments, what a context stores, JSON, durations, database URLs.

Pure functions that know nothing of the engine, in an interpreter's process and on plain CPython.
"""
