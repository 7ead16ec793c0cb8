"""Pyodide's distribution: its files and their origins.

The code runs in the process of ``cloaca pip``, and does not depend on pip.
"""
