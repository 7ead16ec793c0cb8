"""``cloaca pip``: pip itself, and where it finds packages that run in the engine's Python.

It runs as a program of its own, in an interpreter's process; no script imports it,
and the engine's advice takes from it what can be used in place of a package. ``command`` starts, pip decides.
"""
