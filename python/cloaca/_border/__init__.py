"""The border between Python and the engine: the calls out, the stack that runs, its waits, and errors as data.

Lives in an interpreter's process. On plain CPython it is there and connected to nothing, so that the authoring API
works in editors and unit tests.
"""
