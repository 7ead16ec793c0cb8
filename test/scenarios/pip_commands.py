"""Runs commands of ``cloaca pip`` in one interpreter, and prints the output and exit code of each as a line of JSON."""

import contextlib
import io
import json
import sys

from cloaca._packages import command

for words in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command.main(words, *sys.argv[2:4])
    print(json.dumps({"stdout": out.getvalue(), "stderr": err.getvalue(), "exitCode": code}), flush=True)
