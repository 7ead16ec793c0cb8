"""Imports of packages that were installed for this Python, and of modules that Pyodide leaves out.

The code runs in the process of an interpreter.
"""
