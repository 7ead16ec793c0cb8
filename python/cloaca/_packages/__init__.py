"""``cloaca pip``: pip itself, and the search for packages that run in the engine's Python.

It runs as a separate program in an interpreter's process, and no script imports it. The engine's advice uses its list
of alternatives to packages. ``command`` starts pip, and pip makes the decisions.
"""
