"""``os``: starting processes without ``subprocess``, and waiting for them."""

import multiprocessing
import multiprocessing.dummy
import multiprocessing.pool
import os
import signal
import threading

import pytest
from limits import LIMIT

from cloaca._border import bridge

IN_ENGINE = pytest.mark.skipif(not bridge.has_engine(), reason="CPython has fork")


def test_os_system_returns_the_wait_status_of_a_shell(tmp_path):
    assert os.system(f"echo x > {tmp_path}/file") == 0
    assert (tmp_path / "file").read_text() == "x\n"
    assert os.waitstatus_to_exitcode(os.system("exit 3")) == 3
    assert os.waitstatus_to_exitcode(os.system("kill -9 $$")) == -9


def test_os_popen_reads_writes_and_returns_the_exit_status(tmp_path):
    with os.popen("echo a; echo b") as pipe:
        assert list(pipe) == ["a\n", "b\n"]
    writer = os.popen(f"cat > {tmp_path}/file; exit 2", "w")
    writer.write("text")
    assert os.waitstatus_to_exitcode(writer.close()) == 2
    assert (tmp_path / "file").read_text() == "text"


def test_os_spawn_functions_wait_or_return_the_process_id():
    assert os.spawnl(os.P_WAIT, "/bin/sh", "sh", "-c", "exit 3") == 3
    assert os.spawnlp(os.P_WAIT, "sh", "sh", "-c", "kill -15 $$") == -15
    assert os.spawnvpe(os.P_WAIT, "sh", ["sh", "-c", "exit $CODE"], {**os.environ, "CODE": "4"}) == 4
    assert os.spawnv(os.P_WAIT, "/no/such", ["x"]) == 127
    pid = os.spawnv(os.P_NOWAIT, "/bin/sh", ["sh", "-c", "exit 5"])
    assert os.waitpid(pid, 0) == (pid, 5 << 8)


def test_posix_spawn_performs_its_file_actions(tmp_path):
    path = str(tmp_path / "out")
    actions = [
        (os.POSIX_SPAWN_OPEN, 1, path, os.O_WRONLY | os.O_CREAT, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
        (os.POSIX_SPAWN_CLOSE, 0),
    ]
    pid = os.posix_spawnp("sh", ["sh", "-c", "echo out; echo err >&2"], os.environ, file_actions=actions)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert (tmp_path / "out").read_text() == "out\nerr\n"
    with pytest.raises(FileNotFoundError) as caught:
        os.posix_spawn("/no/such", ["x"], {})
    assert caught.value.filename == "/no/such"


def test_posix_spawn_creates_a_process_group_and_joins_an_existing_group():
    leader = os.posix_spawn("/bin/sleep", ["sleep", "600"], os.environ, setpgroup=0)
    member = os.posix_spawn("/bin/sleep", ["sleep", "600"], os.environ, setpgroup=leader)
    groups = (os.getpgid(leader), os.getpgid(member), os.getsid(member))
    os.killpg(leader, signal.SIGKILL)

    assert groups == (leader, leader, os.getsid(0))
    assert {os.waitpid(-leader, 0)[0], os.waitpid(-leader, 0)[0]} == {leader, member}
    with pytest.raises(PermissionError):
        os.posix_spawn("/bin/true", ["true"], os.environ, setpgroup=1)


def test_wait_functions_return_only_children_of_this_process():
    running = os.spawnv(os.P_NOWAIT, "/bin/sleep", ["sleep", "600"])
    assert os.waitpid(running, os.WNOHANG) == (0, 0)
    assert os.waitid(os.P_PID, running, os.WEXITED | os.WNOHANG) is None

    os.kill(running, signal.SIGKILL)

    kept = os.waitid(os.P_PID, running, os.WEXITED | os.WNOWAIT)
    assert (kept.si_pid, kept.si_status, kept.si_code) == (running, signal.SIGKILL, os.CLD_KILLED)
    assert os.wait() == (running, signal.SIGKILL)
    with pytest.raises(ChildProcessError):
        os.waitpid(running, 0)
    with pytest.raises(ChildProcessError):
        os.wait()
    with pytest.raises(ProcessLookupError):
        os.kill(running, 0)


def test_wait4_returns_the_same_status_as_waitpid():
    pid = os.spawnv(os.P_NOWAIT, "/bin/sh", ["sh", "-c", "exit 2"])

    assert os.wait4(pid, 0)[:2] == (pid, 2 << 8)


@IN_ENGINE
@pytest.mark.parametrize(
    "call",
    [lambda: os.fork(), lambda: os.forkpty()],
)
def test_fork_and_forkpty_raise_os_error_that_suggests_threads(call):
    with pytest.raises(OSError, match=r"cannot copy this process: .* Use threads"):
        call()


def test_thread_pools_of_multiprocessing_work_and_end_their_threads():
    before = set(threading.enumerate())
    with multiprocessing.pool.ThreadPool(2) as pool:
        assert pool.map(abs, [-1, -2]) == [1, 2]
        assert pool.apply_async(abs, (-3,)).get(LIMIT) == 3
    with multiprocessing.dummy.Pool(2) as pool:
        assert list(pool.imap(abs, [-1])) == [1]
    for thread in set(threading.enumerate()) - before:
        thread.join(LIMIT)
        assert not thread.is_alive()
