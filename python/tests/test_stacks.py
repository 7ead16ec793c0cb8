"""Stacks of the interpreter: the current stack after another one ends or is interrupted."""

from __future__ import annotations

import pytest

from cloaca._border import stacks


class Interrupted(BaseException):
    """Stand-in for the exception that stops an overdue stack at any point."""


@pytest.fixture
def printed(monkeypatch):
    """Simulates earlier output, so that leaving a stack calls `write_out`."""
    before = stacks.running_call[stacks.HAS_PRINTED]
    stacks.running_call[stacks.HAS_PRINTED] = 1
    yield monkeypatch
    stacks.running_call[stacks.HAS_PRINTED] = before


def test_the_previous_stack_is_current_again_after_another_stack_ends():
    before, token = stacks.running, stacks.running_token[0]
    stack = stacks.Stack(0)

    assert stacks.run_in(stack, lambda: stacks.running) is stack

    assert (stacks.running, stacks.running_token[0]) == (before, token)


def test_the_previous_stack_is_current_again_after_a_stack_is_interrupted_at_its_end(printed):
    def interrupt():
        raise Interrupted

    before, token, call = stacks.running, stacks.running_token[0], stacks.running_call[stacks.CALL]
    printed.setattr(stacks, "write_out", interrupt)

    with pytest.raises(Interrupted):
        stacks.run_in(stacks.Stack(0, call=7), lambda: None)

    assert (stacks.running, stacks.running_token[0], stacks.running_call[stacks.CALL]) == (before, token, call)


def test_a_reused_stack_has_the_state_of_a_new_stack():
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
