"""``logging``: records are kept in the logs of the polls and attempts that make them.

The code runs in the process of an interpreter.
"""
