"""What a call that is stopped from outside is reported with, when it is told so more than once."""

from __future__ import annotations

from cloaca._border import bridge, fault

#: A file of the package.
OURS = str(fault.__file__)


def stopped_in(function):
    try:
        function()
    except bridge.DeadlineExceeded as error:
        return error
    raise AssertionError("it was not stopped")


def ours(source):
    """A function of a file of the package's."""
    names = {"users_code": users_code, "stop": bridge.DeadlineExceeded}
    exec(compile(source, OURS, "exec"), names)
    return names["call"]


def users_code():
    raise bridge.DeadlineExceeded("first")


def test_the_one_that_met_the_users_code_counts_when_it_comes_again_behind_it():
    again = stopped_in(ours("def call():\n    try:\n        users_code()\n    finally:\n        raise stop('again')\n"))
    # As `workers` catches it: without the frame of this file.
    again.__traceback__ = again.__traceback__.tb_next

    first = fault.that_was_there(again)

    assert str(first) == "first"
    assert "in users_code" in fault.traceback_text(first)


def test_one_that_never_met_the_users_code_is_what_it_is():
    only = stopped_in(ours("def call():\n    raise stop('only')\n"))
    only.__traceback__ = only.__traceback__.tb_next

    assert fault.that_was_there(only) is only


def test_one_that_comes_while_the_users_code_cleans_up_is_what_it_is():
    def cleans_up():
        try:
            users_code()
        finally:
            raise bridge.DeadlineExceeded("again")

    assert str(fault.that_was_there(stopped_in(cleans_up))) == "again"
