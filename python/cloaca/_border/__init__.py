"""Interface between Python and the engine, in the process of an interpreter.

``bridge`` calls the engine and waits for its answers, ``suspension`` suspends a stack, ``stacks`` knows the running
stack, and ``fault`` converts errors to data. On plain CPython the interface is not connected, so that the public API
works in editors and unit tests.
"""
