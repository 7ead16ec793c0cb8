"""Attempts of a script to exceed the grants of its process. Each kind has a module with a function ``attempts``.

That function returns functions by the names of the attempts. An attempt is refused if it raises an exception that says
so, and has succeeded if it returns. `Place` has the folders and ports of the attempts, and what is granted.
"""

import cloaca


class Place:
    """What the harness has prepared.

    Attributes:
        outside: A folder that is not granted, with a text file, a database and a library.
        writable: A folder that is granted for writing, unless ``grants`` lacks "write".
        open_port: A port of this machine on which something listens, and which is not granted.
        granted_port: Another one, which is granted if ``grants`` has "net".
        grants: What is granted: "write", "net", "ffi".
    """

    def __init__(self, context):
        self.outside, self.writable = context["outside"], context["writable"]
        self.open_port, self.granted_port = int(context["openPort"]), int(context["grantedPort"])
        self.grants = context["grants"]


def border():
    """The host's functions, as a script finds them that looks for them: behind any function of cloaca's."""
    return cloaca.DefaultRunner.shutdown.__globals__["bridge"].host


def refused():
    raise PermissionError("nothing came of it")


def nonzero(status):
    return refused() if status != 0 else status


def negative(answer):
    return refused() if answer < 0 else answer


def nothing(answer):
    return refused() if not answer else answer


def code(answer):
    """Of the host's functions: text is the name of an error."""
    return refused() if isinstance(answer, str) and answer else answer
