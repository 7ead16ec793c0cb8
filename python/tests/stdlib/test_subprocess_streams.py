"""``subprocess``: pipes, files and descriptors that a program receives from the script."""

import os
import subprocess

from limits import LIMIT


def shell(code, **options):
    return subprocess.run(code, shell=True, capture_output=True, text=True, timeout=LIMIT, **options)


def test_a_pipe_given_to_a_child_keeps_data_written_before_its_start():
    reader, writer = os.pipe()
    os.write(writer, b"before ")
    child = subprocess.Popen(["sh", "-c", "printf after"], stdout=writer)
    os.close(writer)
    child.wait(LIMIT)

    with open(reader, "rb") as file:
        assert file.read() == b"before after"

    reader, writer = os.pipe()
    os.write(writer, b"x" * 60_000)
    os.close(writer)
    counted = subprocess.run(["wc", "-c"], stdin=reader, stdout=subprocess.PIPE, timeout=LIMIT)
    os.close(reader)
    assert int(counted.stdout) == 60_000


def test_a_child_can_reopen_its_stderr_pipe():
    assert shell("echo again > /dev/stderr").stderr == "again\n"


def test_a_file_given_to_a_child_shares_its_position_with_the_script(tmp_path):
    path = tmp_path / "out"
    with path.open("w+") as file:
        file.write("first\n")
        file.flush()
        subprocess.run(["echo", "second"], stdout=file, timeout=LIMIT)
        file.write("third\n")
    with path.open() as file:
        assert file.readline() == "first\n"
        os.lseek(file.fileno(), len("first\n"), os.SEEK_SET)
        assert subprocess.run(["cat"], stdin=file, stdout=subprocess.PIPE, timeout=LIMIT).stdout == b"second\nthird\n"


def test_a_child_reads_its_input_when_the_script_has_closed_its_own_stdin(tmp_path):
    (tmp_path / "in").write_bytes(b"input")
    with open(tmp_path / "in", "rb") as given, open(tmp_path / "out", "wb") as output:
        kept = os.dup(0)
        os.close(0)  # the pipe that reports errors of the start gets this number
        try:
            code = subprocess.call(["cat"], stdin=given, stdout=output, timeout=LIMIT)
        finally:
            os.dup2(kept, 0)
            os.close(kept)

    assert code == 0
    assert (tmp_path / "out").read_bytes() == b"input"


def test_devnull_is_empty_input_and_discards_output():
    run = subprocess.run(["cat"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LIMIT)

    assert run.stdout == b""
    assert subprocess.run(["echo", "x"], stdout=subprocess.DEVNULL, timeout=LIMIT).returncode == 0


def test_a_child_inherits_pass_fds_and_with_close_fds_false_all_inheritable_descriptors():
    reader, writer = os.pipe()
    code = f"echo x > /dev/fd/{writer}"
    try:
        assert shell(code).returncode != 0
        assert shell(code, pass_fds=(writer,)).returncode == 0
        assert os.read(reader, 10) == b"x\n"
        os.set_inheritable(writer, True)
        assert shell(code).returncode != 0
        assert shell(code, close_fds=False).returncode == 0
        assert os.read(reader, 10) == b"x\n"
    finally:
        os.close(reader)
        os.close(writer)
