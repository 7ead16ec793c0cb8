"""Small engine for tests: starts a CPython process, exchanges frames with it, and collects its answers by token."""

from __future__ import annotations

import collections
import os
import queue
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from limits import LIMIT

from cloaca._cpython.channel import frames

CHILD = Path(__file__).resolve().parents[2] / "cloaca" / "_cpython" / "child.py"
_LIMIT_S = LIMIT

#: Python interpreter of the process: the value of the variable, or the interpreter of the tests.
PYTHON = os.environ.get("CLOACA_TEST_EXECUTABLE", sys.executable)

START = {
    "isProgram": False,
    "ceilings": {"memoryMebibytes": 1024, "openFiles": None, "threads": 200, "reportFrom": None},
    "logLimits": {"attemptBytes": 65_536, "pollBytes": 16_384, "keepsSkips": False},
    "output": "written",
    "process": {"argv": [""]},
    "timeZone": "UTC",
    "snapshotPath": None,
    "packageFolder": "",
    "addonPath": None,
}


class Engine:
    """A process and its messages. The function ``calls`` answers the requests of the process."""

    def __init__(self, start=None, calls=None, executable=PYTHON, cwd=None):
        ours, theirs = zip(*(socket.socketpair() for _ in range(4)))
        self._in, self._out, self._control, self.stacks = ours
        self._calls = calls or (lambda message: {"ok": True})
        self.said = queue.SimpleQueue()
        self.answers = {}
        #: Number of outcomes received for each call.
        self.answer_counts = collections.Counter()
        self.logs = {}
        #: For each piece of a log, by token: numbers of records and bytes, and of records and bytes cut before it.
        self.log_counts = {}
        self.declared = []
        #: Number of declarations received before the end of a poll or attempt, by token.
        self.declared_before = {}
        self._arrived = threading.Condition()
        self._tokens = iter(range(1, 1_000_000))
        numbers = [each.fileno() for each in theirs]
        launcher = Path(__file__).with_name("lines_at_3.py")
        self.process = subprocess.Popen(
            [executable, str(launcher), *map(str, numbers), str(CHILD)],
            pass_fds=numbers,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd=cwd,
        )
        for each in theirs:
            each.close()
        self.printed = {}
        #: Whether the output of the process is read.
        self.is_reading = True
        for name in ("stdout", "stderr"):
            threading.Thread(target=self._take_output, args=(name,), daemon=True).start()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._drop_reports, daemon=True).start()
        self.hello = self.wait_for("hello")
        self.send({"type": "start", "data": {**START, **(start or {})}})
        self.wait_for("ready")

    def send(self, message):
        self._in.sendall(frames.encode(message))

    def send_raw(self, data):
        self._in.sendall(data)

    def control(self, operation, argument=0):
        self._control.sendall(struct.pack("<II", operation, argument & 0xFFFFFFFF))

    def ask(self, message, limit_s=_LIMIT_S):
        """Sends a message with a new token, and waits for the answer."""
        return self.answer(self.begin(message), limit_s)

    def begin(self, message):
        token = next(self._tokens)
        self.send({**message, "token": token})
        return token

    def answer(self, token, limit_s=_LIMIT_S):
        return self._wait(lambda: self.answers.pop(token, None), limit_s, f"no answer for {token}")

    def wait_for(self, kind, limit_s=_LIMIT_S):
        return self._wait(lambda: self.answers.pop(kind, None), limit_s, f"no {kind}")

    def wait_for_output(self, text, limit_s=_LIMIT_S):
        """Waits until the process has written these bytes to its standard output, which another thread reads."""
        self._wait(lambda: text in self.printed.get("stdout", b"") or None, limit_s, f"no {text!r} on stdout")

    def _wait(self, look, limit_s, what):
        end = time.monotonic() + limit_s
        with self._arrived:
            while True:
                found = look()
                if found is not None:
                    return found
                left = end - time.monotonic()
                if left <= 0 or not self._arrived.wait(left):
                    raise AssertionError(f"{what} within {limit_s} s; stderr: {self.printed.get('stderr', b'')!r}")

    # ----------------------------------------------------------------------------------------- requests to the process

    def load(self, path, generation=1):
        import json

        target = {"kind": "file", "path": str(path)}
        message = {"type": "load", "generation": generation, "script": str(path), "target": target}
        return json.loads(self.ask(message)["resultJson"])

    def task(self, workflow, task, text="{}", generation=1, start_before=None, is_again=False):
        """Returns the message that starts a task. ``start_before`` is in ms of the system's monotonic clock."""
        return {
            "type": "task",
            "isLimited": False,
            "generation": generation,
            "executionId": "0123456789",
            "workflow": workflow,
            "taskId": task,
            "inputText": text,
            "startBefore": start_before,
            "isAgain": is_again,
        }

    def stop(self, token, reason="timed out after 1 s (timeout)", is_cancelled=False):
        self.send({"type": "overdue", "token": token, "reason": reason, "isCancelled": is_cancelled})

    def poll(self, *numbers, start_before=None, is_again=False):
        """Starts polls, and returns their tokens."""
        tokens = [next(self._tokens) for _ in numbers]
        start = {"startBefore": start_before, "isAgain": is_again}
        self.send({"type": "polls", "tokens": tokens, "triggers": list(numbers), **start})
        return tokens

    def close(self):
        for each in (self._in, self._out, self._control, self.stacks):
            each.close()
        try:
            return self.process.wait(_LIMIT_S)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --------------------------------------------------------------------------------------- messages of the process

    def _take_output(self, name):
        stream = getattr(self.process, name)
        while self.is_reading:
            data = os.read(stream.fileno(), 65_536)
            if not data:
                return
            with self._arrived:
                self.printed.setdefault(name, bytearray()).extend(data)
                self._arrived.notify_all()

    def _drop_reports(self):
        try:
            while self._control.recv(65_536):
                continue
        except OSError:
            return  # the socket was closed

    def _read(self):
        def read(size):
            data = bytearray()
            while len(data) < size:
                try:
                    chunk = self._out.recv(min(size - len(data), 1 << 20))
                except OSError:
                    chunk = b""
                if not chunk:
                    break
                data += chunk
            return bytes(data)

        reader = frames.FrameReader(read)
        while True:
            try:
                message = reader.next()
            except (frames.FrameError, OSError):
                return
            if message is None:
                return
            with self._arrived:
                self._take(message)
                self._arrived.notify_all()

    def _take(self, message):
        kind = message["type"]
        if kind == "call":
            threading.Thread(target=self._answer_call, args=(message,), daemon=True).start()
        elif kind == "outcomes":
            self.answer_counts.update([*message["skipped"], *message["tokens"]])
            self.declared_before.update(dict.fromkeys(message["tokens"], len(self.declared)))
            for token in message["skipped"]:
                self.answers[token] = {"kind": "skipped", "reason": None}
            self.answers.update(zip(message["tokens"], message["outcomes"]))
        elif kind == "notStarted":
            self.answer_counts.update(message["tokens"])
            self.answers.update((token, {"kind": "notStarted"}) for token in message["tokens"])
        elif kind == "logs":
            at, text = 0, message["text"]
            for first in range(0, len(message["sizes"]), 6):
                token, length, *counts = message["sizes"][first : first + 6]
                self.log_counts.setdefault(token, []).append(counts)
                self.logs.setdefault(token, []).append(text[at : at + length])
                at += length
        elif kind == "declared":
            self.declared.append(message)
        elif kind in ("acknowledged", "notice"):
            self.said.put(message)
        else:
            self.answers[message.get("token", kind) or kind] = message

    def _answer_call(self, message):
        import json

        answer = self._calls(message)
        if isinstance(answer, Exception):
            fault = {"type": type(answer).__name__, "message": str(answer)}
            self.send({"type": "refusal", "id": message["id"], "fault": fault})
        else:
            self.send({"type": "reply", "id": message["id"], "valueJson": json.dumps(answer), "contextText": ""})

    def is_alive(self):
        return self.process.poll() is None


def readable(descriptor, limit_s):
    return bool(select.select([descriptor], [], [], limit_s)[0])
