"""``logging``: its records are kept in the logs of the polls and attempts that make them.

Runs in an interpreter's process.
"""
