"""The event loops of scripts, as far as it is the same whether stacks drive them or threads.

Lives in an interpreter's process: ``_engine`` has what stacks of Pyodide add, ``_cpython.calls`` what threads do.
"""
