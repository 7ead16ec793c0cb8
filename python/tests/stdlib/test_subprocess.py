"""``subprocess``: start, input and output, waiting, signals and process groups of programs."""

import asyncio
import contextlib
import io
import os
import pathlib
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest
from limits import LIMIT

from cloaca._border import bridge

IN_ENGINE = pytest.mark.skipif(not bridge.has_engine(), reason="CPython has fork")


def shell(code, **options):
    return subprocess.run(code, shell=True, capture_output=True, text=True, timeout=LIMIT, **options)


def test_a_program_receives_arguments_and_input_and_returns_output_and_exit_code():
    run = subprocess.run(
        ["/bin/sh", "-c", 'cat; echo "$1" >&2; exit 3', "sh", "a b"], input=b"in", capture_output=True, timeout=LIMIT
    )

    assert (run.stdout, run.stderr, run.returncode) == (b"in", b"a b\n", 3)


def test_512_kb_of_input_and_output_are_transferred():
    data = bytes(range(256)) * 2_000

    assert subprocess.run(["cat"], input=data, stdout=subprocess.PIPE, timeout=LIMIT).stdout == data


def test_text_input_is_encoded_and_line_ends_are_normalized():
    run = subprocess.run(["cat"], input="grün\n", encoding="latin-1", capture_output=True, timeout=LIMIT)
    lines = shell("printf 'a\\r\\nb\\n'").stdout

    assert run.stdout == "grün\n"
    assert lines == "a\nb\n"


def test_stderr_can_be_redirected_to_stdout():
    assert shell("echo out; echo err >&2").stderr == "err\n"
    assert subprocess.check_output("echo out; echo err >&2", shell=True, stderr=subprocess.STDOUT) == b"out\nerr\n"


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        (["/no/such/program"], {}, "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/program'"),
        (["no-such-program"], {}, "FileNotFoundError: [Errno 2] No such file or directory: 'no-such-program'"),
        (["/etc/passwd"], {}, "PermissionError: [Errno 13] Permission denied: '/etc/passwd'"),
        (["/etc"], {}, "PermissionError: [Errno 13] Permission denied: '/etc'"),
        (["true"], {"cwd": "/no/such"}, "FileNotFoundError: [Errno 2] No such file or directory: '/no/such'"),
        (["true"], {"cwd": "/etc/passwd"}, "NotADirectoryError: [Errno 20] Not a directory: '/etc/passwd'"),
        (["a\0b"], {}, "ValueError: embedded null byte"),
        (["true"], {"env": {"A=B": "c"}}, "ValueError: illegal environment variable name"),
    ],
)
def test_a_failed_start_raises_the_same_exception_as_cpython(arguments, options, error):
    with pytest.raises((OSError, ValueError)) as caught:
        subprocess.Popen(arguments, **options)

    text = f"{type(caught.value).__name__}: {caught.value}"
    assert text.split("] ")[-1] == error.split("] ")[-1]
    assert text.split(":")[0] == error.split(":")[0]


def test_a_child_inherits_the_folder_environment_and_umask_of_the_script(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLOACA_COLOUR", "blue")
    before = os.umask(0o077)
    try:
        inherited = shell("pwd; echo $CLOACA_COLOUR; umask").stdout.split()
    finally:
        os.umask(before)
    given = shell("pwd; echo $CLOACA_COLOUR-", cwd="/", env={"PATH": os.environ["PATH"]}).stdout.split()

    assert inherited == [str(tmp_path), "blue", "0077"]
    assert given == ["/", "-"]
    assert shell("umask", umask=0o27).stdout == "0027\n"


def test_a_timeout_ends_the_wait_and_the_child():
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        subprocess.run(["sh", "-c", "echo begun; exec sleep 600"], capture_output=True, timeout=0.3)

    assert caught.value.cmd[0] == "sh"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1])
def test_the_return_code_of_a_child_ended_by_a_signal_is_the_negative_signal_number(signum):
    child = subprocess.Popen(["sleep", "600"])
    assert child.poll() is None

    child.send_signal(signum)

    assert child.wait(LIMIT) == -signum
    assert child.poll() == -signum
    child.kill()  # has no effect after the end of the child


def test_poll_returns_the_return_code_of_a_child_in_a_busy_loop():
    child = subprocess.Popen(["sh", "-c", "exit 7"])
    until = time.monotonic() + LIMIT
    while child.poll() is None and time.monotonic() < until:
        pass

    assert child.returncode == 7


def test_other_threads_run_while_a_thread_waits_for_a_child():
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    codes = []
    waiter = threading.Thread(target=lambda: codes.append(child.wait()))
    waiter.start()

    child.stdin.close()
    waiter.join(LIMIT)

    assert codes == [0]


def test_the_output_of_a_child_can_be_the_input_of_another_child():
    first = subprocess.Popen(["sh", "-c", "echo b; echo a"], stdout=subprocess.PIPE)
    second = subprocess.Popen(["sort"], stdin=first.stdout, stdout=subprocess.PIPE)
    first.stdout.close()

    assert second.communicate(timeout=LIMIT)[0] == b"a\nb\n"
    assert first.wait(LIMIT) == 0


def test_a_child_whose_reader_has_ended_receives_sigpipe():
    first = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
    second = subprocess.Popen(["head", "-n", "1"], stdin=first.stdout, stdout=subprocess.PIPE)
    first.stdout.close()

    assert second.communicate(timeout=LIMIT)[0] == b"y\n"
    assert first.wait(LIMIT) == -signal.SIGPIPE


def test_writing_to_an_ended_child_raises_broken_pipe_error():
    child = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    child.wait(LIMIT)

    with pytest.raises(BrokenPipeError):
        child.stdin.write(b"x" * 100_000)
        child.stdin.flush()
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()


@pytest.mark.parametrize("options", [{"start_new_session": True}, {"process_group": 0}], ids=["session", "group"])
def test_killpg_ends_a_child_and_its_own_children(options):
    child = subprocess.Popen(["sh", "-c", "sleep 600 & wait"], stdout=subprocess.PIPE, **options)

    os.killpg(child.pid, signal.SIGKILL)

    assert child.wait(LIMIT) == -signal.SIGKILL
    assert child.stdout.read() == b""  # the grandchild, which also had the writing end, has ended
    child.stdout.close()


def test_another_child_can_join_a_process_group_in_the_same_session():
    with subprocess.Popen(["sleep", "600"], process_group=0) as leader:
        shown = subprocess.run(
            ["sh", "-c", "cat /proc/$$/stat"],
            process_group=leader.pid,
            stdout=subprocess.PIPE,
            check=True,
            timeout=LIMIT,
        )
        group, session = shown.stdout.rpartition(b")")[2].split()[2:4]
        with subprocess.Popen(["sleep", "600"], process_group=leader.pid) as member:
            os.killpg(leader.pid, signal.SIGTERM)
            _, status = os.waitpid(-leader.pid, 0)

    assert (int(group), int(session)) == (leader.pid, os.getsid(0))
    assert os.waitstatus_to_exitcode(status) == -signal.SIGTERM
    assert {leader.returncode, member.returncode} <= {0, -signal.SIGTERM}


@pytest.mark.parametrize("options", [{"process_group": 1}, {"process_group": 0, "start_new_session": True}])
def test_a_forbidden_process_group_raises_permission_error_and_starts_nothing(options, tmp_path):
    with pytest.raises(PermissionError):
        subprocess.Popen(["touch", str(tmp_path / "ran")], **options)

    assert not (tmp_path / "ran").exists()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_sigchld_is_sent_when_a_child_ends():
    received = []
    before = signal.signal(signal.SIGCHLD, lambda signum, frame: received.append(signum))
    try:
        subprocess.run(["true"], timeout=LIMIT)
        until = time.monotonic() + LIMIT
        while not received and time.monotonic() < until:
            time.sleep(0.001)
    finally:
        signal.signal(signal.SIGCHLD, before)

    assert set(received) == {signal.SIGCHLD}


def test_ten_children_leave_no_open_descriptors_and_no_zombies():
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else None
    for _ in range(10):
        subprocess.run(["cat"], input=b"x", capture_output=True, timeout=LIMIT)

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) <= before + 2


def test_getstatusoutput_call_and_check_output_return_status_and_output():
    assert subprocess.getstatusoutput("echo a; exit 2") == (2, "a")
    assert subprocess.call("exit 3", shell=True, timeout=LIMIT) == 3
    with pytest.raises(subprocess.CalledProcessError) as caught:
        subprocess.check_output("echo why; exit 5", shell=True, timeout=LIMIT)
    assert (caught.value.returncode, caught.value.output) == (5, b"why\n")


def test_asyncio_subprocesses_exchange_data_and_return_exit_codes():
    async def converse():
        child = await asyncio.create_subprocess_exec(
            "cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        child.stdin.write(b"line\n")
        await child.stdin.drain()
        line = await child.stdout.readline()
        child.stdin.close()
        code = await child.wait()
        other = await asyncio.create_subprocess_shell("echo out; exit 4", stdout=asyncio.subprocess.PIPE)
        output, _ = await other.communicate()
        killed = await asyncio.create_subprocess_exec("sleep", "600")
        killed.kill()
        return line, code, output, other.returncode, await killed.wait()

    assert asyncio.run(asyncio.wait_for(converse(), LIMIT)) == (b"line\n", 0, b"out\n", 4, -signal.SIGKILL)


def test_a_temporary_file_can_be_the_output_of_a_child():
    with tempfile.TemporaryFile() as file:
        subprocess.run(["sh", "-c", "echo out; echo err >&2"], stdout=file, stderr=file, timeout=LIMIT)
        file.seek(0)
        assert file.read() == b"out\nerr\n"


def test_streams_without_a_descriptor_are_refused():
    with pytest.raises(io.UnsupportedOperation):
        subprocess.run(["true"], stdout=io.BytesIO())


@IN_ENGINE
def test_preexec_fn_is_refused_with_an_alternative():
    with pytest.raises(OSError, match=r"preexec_fn is not supported: .* Use start_new_session"):
        subprocess.Popen(["true"], preexec_fn=os.getpid)


@IN_ENGINE
def test_unsupported_streams_and_arguments_of_a_child_are_refused(pair):
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams, pytest.raises(OSError, match=r"is a socket.*connected"):
        subprocess.Popen(["cat"], stdin=datagrams)
    with pytest.raises(OSError, match="valid UTF-8"):
        subprocess.Popen([b"echo", b"\xff"])


def read_all(connection):
    connection.settimeout(LIMIT)
    return b"".join(iter(lambda: connection.recv(100_000), b""))


def test_a_child_with_a_socket_as_stdin_reads_data_that_arrived_before_its_start(pair):
    ours, childs = pair
    ours.sendall(b"early ")
    assert select.select([childs], [], [], LIMIT)[0]
    with subprocess.Popen(["cat"], stdin=childs, stdout=childs):
        childs.close()
        ours.sendall(b"late " * 50_000)
        ours.shutdown(socket.SHUT_WR)
        assert read_all(ours) == b"early " + b"late " * 50_000


def test_a_script_can_use_a_connection_after_its_child_wrote_to_it():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        connection, _ = server.accept()
        with connection:
            subprocess.run(["echo", "from the child"], stdout=connection, check=True)
            connection.sendall(b"from the script\n")
            client.sendall(b"answer")
            connection.settimeout(LIMIT)
            assert connection.recv(100) == b"answer"
        assert read_all(client) == b"from the child\nfrom the script\n"


def test_the_script_can_read_a_socket_that_its_child_left_unread(pair):
    ours, childs = pair
    subprocess.run(["true"], stdin=childs, check=True)
    ours.sendall(b"after")
    childs.settimeout(LIMIT)

    assert childs.recv(100) == b"after"


def test_pipesize_is_accepted():
    assert subprocess.run(["echo"], stdout=subprocess.PIPE, timeout=LIMIT).stdout == b"\n"
    with subprocess.Popen(["echo"], stdout=subprocess.PIPE, pipesize=4096) as child:
        assert child.stdout.read() == b"\n"


def test_a_user_id_too_large_for_c_is_refused():
    with pytest.raises(OverflowError):
        subprocess.Popen(["true"], user=2**64)


def test_a_script_with_a_missing_interpreter_raises_file_not_found_error(tmp_path):
    path = pathlib.Path(tmp_path, "lost")
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)

    with pytest.raises(FileNotFoundError):
        subprocess.run([path], check=True)


def test_a_script_with_a_shebang_can_be_started(tmp_path):
    path = pathlib.Path(tmp_path, "greet")
    path.write_text("#!/bin/sh\necho hello $1\n")
    path.chmod(0o755)

    assert subprocess.check_output([path, "you"], timeout=LIMIT) == b"hello you\n"
