"""Stacks of the interpreter: which one runs, whatever interrupts the end of another."""

from __future__ import annotations

import pytest

from cloaca._border import stacks


class Interrupted(BaseException):
    """What stops a stack that is overdue, in the middle of anything."""


@pytest.fixture
def printed(monkeypatch):
    """As if a task has printed before, so that what it prints is written out when its stack is left."""
    before = stacks.running_call[stacks.HAS_PRINTED]
    stacks.running_call[stacks.HAS_PRINTED] = 1
    yield monkeypatch
    stacks.running_call[stacks.HAS_PRINTED] = before


def test_the_stack_before_runs_again_after_another():
    before, token = stacks.running, stacks.running_token[0]
    stack = stacks.Stack(0)

    assert stacks.run_in(stack, lambda: stacks.running) is stack

    assert (stacks.running, stacks.running_token[0]) == (before, token)


def test_the_stack_before_runs_again_after_one_that_is_interrupted_as_it_ends(printed):
    def interrupt():
        raise Interrupted

    before, token, call = stacks.running, stacks.running_token[0], stacks.running_call[stacks.CALL]
    printed.setattr(stacks, "write_out", interrupt)

    with pytest.raises(Interrupted):
        stacks.run_in(stacks.Stack(0, call=7), lambda: None)

    assert (stacks.running, stacks.running_token[0], stacks.running_call[stacks.CALL]) == (before, token, call)


def test_a_stack_becomes_that_of_the_next_entry_as_if_it_were_new():
    stack = stacks.Stack(3, call=7)
    before = stacks.enter(stack)
    try:
        ident = stack.ident
        stacks.work_for(stack, 5, 6)
        stack.become(4, stacks.PROGRAM)

        assert (stack.token, stack.origin, stack.call, stack.generation) == (4, 4, 0, stacks.PROGRAM)
        assert stack.ident > ident
        assert (stacks.running_token[0], stacks.running_call[stacks.CALL]) == (4, 0)
        assert len(vars(stack)) == stacks.OWN_ATTRIBUTES
    finally:
        stacks.leave(stack, before)
