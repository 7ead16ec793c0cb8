"""Pyodide's distribution: which files it has, and where they come from.

Runs in the process of ``cloaca pip``, and knows nothing of pip.
"""
