"""Computation graphs: reactors, sources, nodes and the builder, one file for each noun.

``plan`` turns a graph into a list of steps, and ``invocation`` runs the graph that a task invokes. Part of the public
API, in an interpreter's process and on plain CPython.
"""
