"""Replacements of `sys.stdout` and `sys.stderr` while polls and tasks run."""

import gc
import sys
import weakref

import pytest

from cloaca._cpython.around import output


class Stream:
    """Stream that records all writes, and calls a function at the first write."""

    def __init__(self, first=lambda: None):
        self.first, self.written = first, []

    def write(self, text):
        first, self.first = self.first, lambda: None
        self.written.append(text)
        first()


@pytest.fixture(autouse=True)
def without_calls():
    output.reset()
    yield
    output.reset()


def test_a_print_is_written_completely_when_the_last_call_ends_during_it(monkeypatch):
    stream = Stream(lambda: output.calls_end(1))
    monkeypatch.setattr(sys, "stdout", stream)
    output.calls_begin(1)

    print("one", "two", "three")

    assert "".join(stream.written) == "one two three\n"
    assert sys.stdout is stream


def test_the_replacement_of_a_stream_stays_alive_for_a_print_that_still_writes_to_it(monkeypatch):
    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    output.calls_begin(1)
    noted = weakref.ref(sys.stdout)
    output.calls_end(1)
    gc.collect()

    assert sys.stdout is stream
    assert noted() is not None
    output.calls_begin(1)
    assert sys.stdout is noted()


def test_a_stream_is_garbage_collected_after_the_program_has_set_eight_others(monkeypatch):
    first = Stream()
    gone = weakref.ref(first)
    for stream in [first, *(Stream() for _ in range(8))]:
        monkeypatch.setattr(sys, "stdout", stream)
        output.calls_begin(1)
        output.calls_end(1)
    monkeypatch.undo()
    del first, stream
    gc.collect()

    assert gone() is None
