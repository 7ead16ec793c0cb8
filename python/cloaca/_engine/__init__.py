"""What the engine calls in an interpreter's process: load a script, poll triggers, run tasks, run a program, end it.

``entry`` has the functions that the interpreter's TypeScript calls; nothing that users import leads here.
"""
