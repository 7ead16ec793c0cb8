"""``traceback``: the last entry of an exception raised by a C function is the line of the script."""

import os
import signal
import socket
import threading
import time
import traceback
from typing import Any, Callable

import pytest


@pytest.mark.parametrize(
    "call",
    [
        lambda: time.sleep(-1),
        lambda: threading.Lock().release(),
        lambda: os.kill(os.getpid(), signal.SIGINT),
        lambda: socket.socket().connect("no address"),  # type: ignore[arg-type]
        lambda: os.kill(2**22 + 1, 0),
        lambda: os.open("/nowhere/at/all", os.O_RDONLY),
    ],
)
def test_functions_that_are_written_in_c_have_no_entry_in_a_traceback(call: Callable[[], Any]) -> None:
    with pytest.raises(BaseException) as caught:
        call()
    shown = traceback.extract_tb(caught.value.__traceback__)
    assert [frame.name for frame in shown][-1] == "<lambda>"
    assert shown[-1].filename == __file__
    assert shown[-1].name in traceback.format_exception(caught.type, caught.value, caught.tb)[-2]
