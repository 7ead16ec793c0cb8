"""Attempts to start programs, and to signal other processes."""

import json
import os
import subprocess

from attempts import border, code, nonzero, refused

#: Request to start a process, as the adapted `subprocess` module sends it.
ORDER = json.dumps(
    {"argv": ["/bin/echo"], "program": "/bin/echo", "folder": "/", "environ": {}, "descriptors": [], "group": None}
)


def attempts(place):
    outside = place.outside
    return {
        "subprocess": lambda: subprocess.run(["/bin/echo", "x"], check=True),
        "shell": lambda: subprocess.check_output("echo x", shell=True),
        "os_system": lambda: nonzero(os.system(f"echo x > {outside}/made")),
        "popen": lambda: os.popen("echo x").read() or refused(),
        "posix_spawn": lambda: os.posix_spawn("/bin/echo", ["echo"], {}),
        "execv": lambda: os.execv("/bin/echo", ["echo"]),
        "fork": lambda: os.fork(),
        "spawn_of_host": lambda: code(border().children.spawn(0, ORDER)),
        "signal_to_engine": lambda: os.kill(os.getppid(), 0),
        "signal_to_all": lambda: os.kill(-1, 0),
        "signal_to_group": lambda: os.kill(0, 0),
        "signal_to_init": lambda: os.kill(1, 0),
    }
