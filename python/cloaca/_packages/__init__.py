"""``cloaca pip``: pip itself, and where it finds packages that run in the engine's Python.

It runs as a program of its own, in an interpreter's process; no script imports it. ``command`` starts, pip decides.
"""
