"""``subprocess`` and ``multiprocessing``: without processes they say so, and what can be done instead."""

import multiprocessing
import multiprocessing.dummy
import multiprocessing.pool
import os
import subprocess
from typing import Any, Callable

import pytest
from limits import LIMIT

from cloaca._border import bridge


@pytest.mark.skipif(not bridge.has_engine(), reason="CPython has processes")
@pytest.mark.parametrize(
    "call",
    [
        lambda: subprocess.run(["true"]),
        lambda: subprocess.check_output("true", shell=True),
        lambda: subprocess.Popen(["true"]),
        lambda: os.system("true"),
        lambda: os.popen("true"),
        lambda: os.fork(),
        lambda: os.execv("/bin/true", ["true"]),
        lambda: multiprocessing.Process(target=print).start(),
        lambda: multiprocessing.Pool(2),
    ],
)
def test_what_starts_a_process_says_that_it_cannot_and_what_to_do(call: Callable[[], Any]) -> None:
    with pytest.raises(OSError, match=r"cannot start another process: .* use threads"):
        call()


def test_pools_of_threads_do_without_processes() -> None:
    with multiprocessing.pool.ThreadPool(2) as pool:
        assert pool.map(abs, [-1, -2]) == [1, 2]
        assert pool.apply_async(abs, (-3,)).get(LIMIT) == 3
    with multiprocessing.dummy.Pool(2) as pool:
        assert list(pool.imap(abs, [-1])) == [1]
