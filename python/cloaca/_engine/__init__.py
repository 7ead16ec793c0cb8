"""Functions that the engine calls in an interpreter's process: load a script, poll triggers, run tasks or a program.

``entry`` has the functions that the interpreter's TypeScript calls. ``loading`` loads a script, ``state`` passes its
state to the next generation, and ``finish`` does what python does at its end. ``accumulate`` and ``graphs`` answer
messages about sources and graphs. Modules that users import do not import this package.
"""
