"""What can be imported: packages that were installed for this Python, and modules that Pyodide leaves out.

Runs in an interpreter's process.
"""
