"""Runs a command at a pseudo-terminal: AT_A_TERMINAL.py STEPS COMMAND…

STEPS is a JSON list of pairs: ["see", text] waits until the terminal shows the text after the text of the previous
"see"; ["type", text] types the text; ["run", command] runs another command of the shell to its end, without the
terminal. Prints the output of the terminal, and exits with the status of the command.
"""

import json
import os
import pty
import select
import subprocess
import sys
import time

LIMIT_S = 100

steps = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])

shown = b""
seen = 0
has_ended = False
give_up_at = time.monotonic() + LIMIT_S


def look() -> None:
    """Waits up to 0.1 s for output of the terminal, and reads it."""
    global shown, has_ended
    if not select.select([terminal], [], [], 0.1)[0]:
        return
    try:
        chunk = os.read(terminal, 65_536)
    except OSError:  # Linux: no process has the terminal open
        chunk = b""
    has_ended = not chunk
    shown += chunk


for what, text in steps:
    expected = text.encode()
    if what == "type":
        os.write(terminal, expected)
        continue
    if what == "run":
        subprocess.run(text, shell=True, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        continue
    while expected not in shown[seen:]:
        if has_ended or time.monotonic() > give_up_at:
            print(shown.decode(), flush=True)
            sys.exit(f"it did not show {text!r}")
        look()
    seen = shown.index(expected, seen) + len(expected)
while not has_ended and time.monotonic() < give_up_at:
    look()
_, status = os.waitpid(pid, 0)
print(shown.decode().replace("\r\n", "\n"), flush=True)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
