"""Computation graphs: reactors, sources, nodes and the builder, a file for each noun.

Part of the public API, in an interpreter's process and on plain CPython: a graph runs whole in Python.
"""
