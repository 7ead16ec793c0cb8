"""What a script declares, as values: triggers, tasks and workflows, checked, kept by generation, and sent as data.

Used by the decorators and builders of the public API, in an interpreter's process and on plain CPython.
"""
