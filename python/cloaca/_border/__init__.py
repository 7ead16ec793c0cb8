"""The border between Python and the engine, in an interpreter's process.

``bridge`` calls the engine and waits for its answers, ``suspension`` suspends a stack, ``stacks`` knows which stack
runs, and ``fault`` turns errors into data. On plain CPython the border is connected to nothing, so that the public API
works in editors and unit tests.
"""
