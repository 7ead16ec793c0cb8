"""Runs workflows inside a running event loop, as in a notebook. Tasks print to the current ``sys.stdout``."""

import asyncio
import contextlib
import io
import sys

import cloaca

with cloaca.WorkflowBuilder("print"):

    @cloaca.task()
    def say(ctx):
        print("said in a task")
        return ctx


async def main(runner):
    """Runs a workflow that blocks the loop, and then five workflows in threads."""
    own = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()) as caught:
        runner.execute("print", cloaca.Context())
    print("caught", caught.getvalue().strip(), sys.stdout is own)
    runs = [asyncio.to_thread(runner.execute, "print", cloaca.Context()) for _ in range(5)]
    print("together", {result.status for result in await asyncio.gather(*runs)})


if __name__ == "__main__":
    with cloaca.DefaultRunner("sqlite://loop.db") as runner:
        asyncio.run(main(runner))
