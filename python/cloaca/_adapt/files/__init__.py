"""``os``, ``fcntl`` and the standard streams: creation modes, descriptors, locks, input and output.

The code runs in the process of an interpreter, and works on the files of the host.
"""
