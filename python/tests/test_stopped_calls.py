"""Exception that is reported for a call stopped from outside once or several times."""

from __future__ import annotations

from cloaca._border import bridge, fault, outcome

#: Path of a file of the package.
OURS = str(fault.__file__)


def stopped_in(function):
    try:
        function()
    except bridge.DeadlineExceeded as error:
        return error
    raise AssertionError("it was not stopped")


def ours(source):
    """Compiles a function `call` as if it were in a file of the package."""
    names = {"users_code": users_code, "stop": bridge.DeadlineExceeded}
    exec(compile(source, OURS, "exec"), names)
    return names["call"]


def users_code():
    raise bridge.DeadlineExceeded("first")


def test_the_stop_inside_user_code_is_reported_when_another_stop_follows_outside_it():
    again = stopped_in(ours("def call():\n    try:\n        users_code()\n    finally:\n        raise stop('again')\n"))
    # Removes the frame of this file, as `workers` does.
    again.__traceback__ = again.__traceback__.tb_next

    first = fault.that_was_there(again)

    assert str(first) == "first"
    assert "in users_code" in outcome.stopped(first).traceback


def test_a_stop_that_never_reached_user_code_is_reported_without_a_traceback():
    only = stopped_in(ours("def call():\n    raise stop('only')\n"))
    only.__traceback__ = only.__traceback__.tb_next

    assert fault.that_was_there(only) is only
    assert outcome.stopped(only).traceback == ""


def test_a_second_stop_during_cleanup_in_user_code_is_the_one_reported():
    def cleans_up():
        try:
            users_code()
        finally:
            raise bridge.DeadlineExceeded("again")

    assert str(fault.that_was_there(stopped_in(cleans_up))) == "again"
