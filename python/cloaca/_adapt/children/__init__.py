"""Other processes: ``subprocess``, ``os.system``, ``os.spawn*``, ``os.posix_spawn``, ``os.waitpid`` and their kin.

Runs in an interpreter's process, of which they are children.
"""
