"""Nodes that wait, with one file for each.

The package is part of the public API, in an interpreter's process and on plain CPython. Waits are stored by the engine.
"""
