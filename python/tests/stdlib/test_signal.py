"""``signal``: handlers, alarms, interval timers, masks."""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Iterator, List

import pytest
from limits import LIMIT


class Ended(Exception):
    pass


def end(signum: int, frame: Any) -> None:
    raise Ended


@pytest.fixture(autouse=True)
def untouched_signals() -> Iterator[None]:
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGALRM, signal.SIGUSR1)}
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for signum, handler in before.items():
        signal.signal(signum, handler)


def test_a_handler_is_called_with_the_signal_and_the_interrupted_frame() -> None:
    seen: List[Any] = []
    assert signal.signal(signal.SIGUSR1, lambda signum, frame: seen.append((signum, frame.f_code.co_name))) in (
        signal.SIG_DFL,
        signal.SIG_IGN,
    )
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR1)
    assert [signum for signum, _ in seen] == [signal.SIGUSR1] * 2


@pytest.mark.parametrize(
    "wait",
    [
        pytest.param(lambda: time.sleep(LIMIT), id="sleeping"),
        pytest.param(lambda: threading.Event().wait(LIMIT), id="waiting for an event"),
        pytest.param(
            lambda: (lambda lock: (lock.acquire(), lock.acquire()))(threading.Lock()), id="waiting for a lock"
        ),
        pytest.param(lambda: [None for _ in iter(int, 1)], id="computing"),
    ],
)
def test_an_exception_in_an_alarm_handler_ends_a_wait_or_a_computation(wait: Any) -> None:
    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    with pytest.raises(Ended):
        wait()


def test_a_sleep_is_not_shortened_by_a_handler_that_returns() -> None:
    seen: List[int] = []
    signal.signal(signal.SIGALRM, lambda signum, frame: seen.append(signum))
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    while len(seen) < 3:
        begin = time.monotonic()
        time.sleep(0.05)
        assert time.monotonic() - begin >= 0.05
    signal.setitimer(signal.ITIMER_REAL, 0)


def test_alarm_and_getitimer_return_the_remaining_time() -> None:
    assert signal.alarm(100) == 0
    assert 100 - LIMIT < signal.alarm(0) <= 100
    assert signal.setitimer(signal.ITIMER_REAL, 100, 2) == (0, 0)
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    assert 100 - LIMIT < left <= 100
    assert interval == 2


def test_a_blocked_signal_stays_pending_until_sigwait() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    try:
        signal.raise_signal(signal.SIGUSR1)
        assert signal.SIGUSR1 in signal.sigpending()
        assert signal.sigwait([signal.SIGUSR1]) == signal.SIGUSR1
        assert signal.SIGUSR1 not in signal.sigpending()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_handlers_run_on_the_main_thread_and_can_be_set_only_there() -> None:
    seen: List[Any] = []
    signal.signal(signal.SIGALRM, lambda signum, frame: seen.append(threading.current_thread()))

    def work() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        until = time.monotonic() + LIMIT
        while not seen and time.monotonic() < until:
            time.sleep(0.001)
        with pytest.raises(ValueError, match="only works in main thread"):
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [threading.main_thread()]


def test_invalid_signals_handlers_and_process_ids_are_refused() -> None:
    with pytest.raises(OSError):
        signal.signal(signal.SIGKILL, end)
    with pytest.raises(ValueError):
        signal.signal(1000, end)
    with pytest.raises(TypeError):
        signal.signal(signal.SIGUSR1, None)
    with pytest.raises(ProcessLookupError):
        os.kill(2**22 + 1, 0)


def test_a_frame_in_a_folder_named_like_the_package_with_a_suffix_is_a_user_frame() -> None:
    import cloaca

    neighbour = os.path.dirname(cloaca.__file__) + "_examples/script.py"
    seen: List[str] = []
    signal.signal(signal.SIGUSR1, lambda signum, frame: seen.append(frame.f_code.co_filename))
    code = compile("def script(): signal.raise_signal(signal.SIGUSR1)\nscript()", neighbour, "exec")

    exec(code, {"signal": signal})

    assert seen == [neighbour]


def test_interrupt_main_at_the_end_of_a_script_reports_an_ignored_signal() -> None:
    code = """import _thread
class AtTheEnd:
    def __del__(self):
        _thread.interrupt_main()
        print("went on")
at_the_end = AtTheEnd()"""

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT)

    assert "OSError: Signal 2 ignored due to race condition" in run.stderr
    assert "KeyboardInterrupt" not in run.stderr
    assert (run.stdout, run.returncode) == ("went on\n", 0)
