"""Script that uses its grants: files, a port and environment variables."""

import fcntl
import mmap
import os
import shutil
import socket
import tempfile
import threading
import time
import urllib.request

import cloaca


def files(folder):
    path = f"{folder}/a.txt"
    with open(path, "w") as file:
        file.write("written")
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), 0o640)
        os.ftruncate(file.fileno(), 4)
        fcntl.flock(file, fcntl.LOCK_EX)
        os.utime(file.fileno(), (7, 7))
    status = os.stat(path)
    shutil.copy2(path, f"{folder}/copy.txt")
    os.link(path, f"{folder}/second.txt")
    os.mkfifo(f"{folder}/pipe")
    os.makedirs(f"{folder}/x/y")
    shutil.rmtree(f"{folder}/x")
    with tempfile.TemporaryFile(dir=folder) as unnamed:
        unnamed.write(b"12345")
        unnamed.truncate(2)
        size = os.fstat(unnamed.fileno()).st_size
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 4) as mapped:
        mapped[0:1] = b"W"
    with open(path) as file:
        return {
            "text": file.read(),
            "mode": oct(status.st_mode & 0o777),
            "time": status.st_mtime,
            "unnamed": size,
            "names": sorted(os.listdir(folder)),
        }


def network(port):
    """Returns the answer of a server on the granted port, and the result of connecting to another port."""
    server = socket.create_server(("127.0.0.1", port))

    def answer():
        client, _ = server.accept()
        client.recv(1000)
        client.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
        client.close()
        server.close()

    thread = threading.Thread(target=answer)
    thread.start()
    with urllib.request.urlopen(f"http://localhost:{port}/") as response:
        said = response.read().decode()
    thread.join()
    try:
        socket.create_connection(("127.0.0.1", port + 1 if port < 65535 else 1))
        other = "reached"
    except OSError as error:
        other = type(error).__name__
    return {"said": said, "other": other}


with cloaca.WorkflowBuilder("granted"):

    @cloaca.task(retry_attempts=0)
    def use(context):
        context["files"] = files(context["folder"])
        context["network"] = network(context["port"])
        context["environment"] = dict(os.environ)
        context["zone"] = time.tzname[0]
        context["pid"] = os.getpid()
        return context
