"""Declarations of a script as values: triggers, tasks and workflows, which are checked and sent as data.

``ledger`` keeps them by generation, and ``graph`` orders the tasks of a workflow. The decorators and builders of the
public API use this package, in an interpreter's process and on plain CPython.
"""
