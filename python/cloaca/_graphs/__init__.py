"""Computation graphs: reactors, sources, nodes and the builder, with one file for each.

``plan`` converts a graph to a list of steps, and ``invocation`` runs the graph that a task invokes. The package is part
of the public API, in an interpreter's process and on plain CPython.
"""
