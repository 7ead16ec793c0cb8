"""Child processes: ``subprocess``, ``os.system``, ``os.spawn*``, ``os.posix_spawn``, ``os.waitpid`` and the like.

The code runs in the process of an interpreter, which is the parent of the children.
"""
