"""Tries everything in ``attempts`` and records the results, and uses the operations that scripts may use."""

import asyncio
import os
import socket
import sqlite3
import threading

import cloaca
from attempts import Place, databases, files, host_functions, javascript, kept, native, network, programs

MODULES = (javascript, native, programs, files, databases, network, host_functions, kept)
KINDS = {each.__name__.rpartition(".")[2]: each for each in MODULES}

with cloaca.WorkflowBuilder("escapes"):

    @cloaca.task()
    def try_all(context):
        place = Place(context)
        came = {}
        only = context["only"]
        for kind, module in KINDS.items():
            for name, attempt in module.attempts(place).items():
                if only is not None and f"{kind}: {name}" not in only:
                    continue
                try:
                    came[f"{kind}: {name}"] = f"reached: {attempt()!r}"[:200]
                except BaseException as error:
                    came[f"{kind}: {name}"] = f"refused: {type(error).__name__}: {error}"[:200]
        context["came"] = came
        return context


with cloaca.WorkflowBuilder("uses"):

    @cloaca.task()
    def use_all(context):
        """Uses operations that restricted scripts may use."""
        writable = context["writable"]
        with open(f"{writable}/made.txt", "w") as file:
            file.write("written")
        os.rename(f"{writable}/made.txt", f"{writable}/renamed.txt")
        os.mkdir(f"{writable}/made")
        with open("/tmp/scratch.txt", "w") as file:
            file.write("kept in memory")
        database = sqlite3.connect(f"{writable}/used.db")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (attach TEXT)")
        database.execute("INSERT INTO t VALUES ('ATTACH ''x'' AS y')")
        database.execute("ATTACH ? AS second", (f"{writable}/second.db",))
        database.execute("CREATE TABLE second.t (x)")
        database.execute("ATTACH (? || '/third.db') AS third", (writable,))
        database.execute("CREATE TABLE third.t (x)")
        database.commit()
        database.execute("VACUUM INTO ?", (f"{writable}/copy.db",))
        ours, theirs = socket.socketpair()
        ours.sendall(b"pair")
        said = []
        thread = threading.Thread(target=lambda: said.append("thread"))
        thread.start()
        thread.join()

        async def later():
            await asyncio.sleep(0.001)
            return "loop"

        context["used"] = {
            "own file": open(__file__).readline().startswith('"""Tries everything'),
            "renamed": open(f"{writable}/renamed.txt").read(),
            "listing": "renamed.txt" in os.listdir(writable),
            "scratch": open("/tmp/scratch.txt").read(),
            "rows": database.execute("SELECT attach FROM t").fetchall(),
            "pair": theirs.recv(4).decode(),
            "thread": said[0],
            "loop": asyncio.run(later()),
            "environment": dict(os.environ),
            "signal to itself": os.kill(os.getpid(), 0),
        }
        return context
