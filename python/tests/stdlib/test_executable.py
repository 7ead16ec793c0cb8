"""``sys.executable``: a Python program with options, environment and inherited descriptors."""

import fcntl
import json
import os
import pickle
import signal
import subprocess
import sys

from limits import LIMIT


def python(*words, **options):
    return subprocess.run(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, **options
    )


def test_sys_executable_is_a_program_that_prints_its_version():
    assert os.access(sys.executable, os.X_OK)
    assert python("-V").stdout == f"Python {sys.version.split()[0]}\n"


def test_sys_executable_runs_code_with_the_given_options_arguments_environment_and_folder(tmp_path):
    code = """import json, os, sys
flags = [sys.flags.isolated, sys.flags.ignore_environment, sys.flags.dont_write_bytecode]
seen = [sys.argv, flags, sys._xoptions, sys.warnoptions[-1], os.environ.get("PYTHONPATH"), os.environ["COLOUR"]]
print(json.dumps([*seen, len(os.environ), os.getcwd(), "/nowhere" in sys.path, sys.stdin.read()]))
sys.exit(7)"""
    environ = {"COLOUR": "blue", "PYTHONPATH": "/nowhere"}

    run = python("-IB", "-Xa=b", "-W", "error", "-c", code, "x y", "-v", cwd=tmp_path, env=environ, input="in")

    argv, flags, x_options, rule, path, colour, count, folder, is_found, text = json.loads(run.stdout)
    assert (argv, flags, x_options, rule) == (["-c", "x y", "-v"], [1, 1, 1], {"a": "b"}, "error")
    assert (path, colour, folder, is_found, text) == ("/nowhere", "blue", str(tmp_path), False, "in")
    assert count in (2, 3)  # CPython adds LC_CTYPE
    assert run.returncode == 7


def test_sys_executable_runs_a_module_a_file_or_standard_input(tmp_path):
    (tmp_path / "tool.py").write_text("print(__name__, __file__)")

    assert python("-m", "tool", cwd=tmp_path).stdout == f"__main__ {tmp_path}/tool.py\n"
    assert python(str(tmp_path / "tool.py")).stdout == f"__main__ {tmp_path}/tool.py\n"
    assert python("-", "a", input="import sys; print(sys.argv)").stdout == "['-', 'a']\n"
    assert python(input="import sys; print(sys.argv)").stdout == "['']\n"


def test_sys_executable_ends_by_the_signal_that_ends_its_program():
    code = "import time; print('begun', flush=True); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"begun\n"

    child.terminate()

    assert child.wait(LIMIT) == -signal.SIGTERM
    child.stdout.close()
    assert python("-c", "raise KeyboardInterrupt").returncode == -signal.SIGINT


def test_sys_executable_inherits_the_descriptors_in_pass_fds(tmp_path, pair):
    code = """import os, socket, subprocess, sys
reader, writer, file, connection = map(int, sys.argv[1:])
os.write(writer, os.read(reader, 100).upper() + os.read(file, 3))
os.close(writer)
with socket.socket(fileno=connection) as opened:
    opened.sendall(opened.recv(100).upper())
assert os.read(reader, 100) == b"", "its own copy of the other end is closed"
assert [os.get_inheritable(each) for each in (reader, file)] == [True, True]
assert not [name for name in os.environ if name.startswith("CLOACA_PYTHON")]
os.dup2(file, 9)
subprocess.run(["sh", "-c", "echo grandchild >&9"], pass_fds=[9], check=True)"""
    (reader, ours), (answers, writer) = os.pipe(), os.pipe()
    with open(tmp_path / "file", "w+b") as file:
        file.write(b"0123456789")
        file.seek(4)
        passed = [reader, writer, file.fileno(), pair[1].fileno()]
        child = subprocess.Popen([sys.executable, "-c", code, *map(str, passed)], pass_fds=passed)
        for each in (reader, writer, pair[1].detach()):
            os.close(each)

        os.write(ours, b"through a pipe")
        assert os.read(answers, 100) == b"THROUGH A PIPE456"
        assert os.read(answers, 100) == b""
        pair[0].sendall(b"through a socket")
        assert pair[0].recv(100) == b"THROUGH A SOCKET"
        os.close(ours)
        assert child.wait(LIMIT) == 0
        assert (tmp_path / "file").read_bytes() == b"0123456grandchild\n"
    os.close(answers)


def test_sys_executable_exits_with_2_for_invalid_options():
    assert python("-Z").returncode == 2
    assert python("-c").returncode == 2


def test_os_getpid_looks_and_pickles_like_a_built_in_function():
    assert (os.getpid.__name__, os.getpid.__module__) == ("getpid", "posix")
    assert pickle.loads(pickle.dumps(os.getpid)) is os.getpid
    assert os.getpid() > 0


def test_a_file_lock_inherited_by_a_child_python_is_released_when_the_child_ends(tmp_path):
    path = tmp_path / "lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        child = subprocess.Popen([sys.executable, "-c", ""], pass_fds=(file.fileno(),))
    child.wait(LIMIT)

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
