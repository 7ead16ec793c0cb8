"""Attempts of a script to exceed the grants of its process. Each kind has a module with a function ``attempts``.

That function returns a dictionary of functions by the name of their attempt. An attempt has succeeded if its function
returns, and was refused if it raises a suitable exception. `Place` has the folders, ports and grants of the attempts.
"""

import cloaca


class Place:
    """Folders, ports and grants that the test has prepared.

    Attributes:
        outside: Folder that is not granted, with a text file, a database and a library.
        writable: Folder that is granted for writing if ``grants`` has "write".
        open_port: Port of a server on this machine that is not granted.
        granted_port: Port of another server, granted if ``grants`` has "net".
        grants: List of grants: "write", "net", "ffi".
    """

    def __init__(self, context):
        self.outside, self.writable = context["outside"], context["writable"]
        self.open_port, self.granted_port = int(context["openPort"]), int(context["grantedPort"])
        self.grants = context["grants"]


def border():
    """Returns the functions of the host, which a script can find through any function of cloaca."""
    return cloaca.TaskHandle.__repr__.__globals__["bridge"].host


def refused():
    raise PermissionError("nothing came of it")


def nonzero(status):
    return refused() if status != 0 else status


def negative(answer):
    return refused() if answer < 0 else answer


def nothing(answer):
    return refused() if not answer else answer


def code(answer):
    """Checks an answer of a host function, in which a text is the name of an error."""
    return refused() if isinstance(answer, str) and answer else answer
