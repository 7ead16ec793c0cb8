"""Program with tasks that print much more than a log keeps. Its argument is the URL of its database."""

import sys

import cloaca

with cloaca.WorkflowBuilder("floods"):

    @cloaca.task(id="lines")
    def lines(context):
        for number in range(60_000):
            print(f"line {number:06} {'x' * 90}")

    @cloaca.task(id="one_write")
    def one_write(context):
        print("\n".join(f"line {number:06} {'x' * 90}" for number in range(60_000)))

    @cloaca.task(id="one_line")
    def one_line(context):
        print("begin" + "ž" * 3_000_000 + "end")


with cloaca.DefaultRunner(sys.argv[1]) as runner:
    print("execution", runner.execute("floods", cloaca.Context({})).status, file=sys.stderr)
