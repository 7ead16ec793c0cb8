"""``os``, ``fcntl`` and the standard streams: creation modes, descriptors, locks, input and output.

Runs in an interpreter's process, whose files are the host's.
"""
