"""Opens and closes ten runners, like a fixture that opens one for each test of a suite."""

import contextlib

import cloaca
import jobs


@contextlib.contextmanager
def runner(number):
    """Opens a runner, and closes it at the end."""
    with cloaca.DefaultRunner(f"sqlite://fixture{number}.db") as opened:
        yield opened


engines = set()
for number in range(10):
    with runner(number) as opened:
        result = opened.execute("quick", cloaca.Context({"number": number}))
        assert result.final_context["number"] == number
        engines.add(jobs.engine_pid())
        jobs.say(result.status)
jobs.say(f"engines {len(engines)}")
