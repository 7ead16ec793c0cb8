"""Uses files: modes and the umask, links, locks, times, permissions, and errors with the name of the file."""

import errno
import fcntl
import os
import pathlib
import shutil
import stat
import tempfile


def mode_of(path):
    return oct(stat.S_IMODE(os.stat(path).st_mode))


def attempt(name, function):
    try:
        print(name, function())
    except OSError as error:
        print(name, type(error).__name__, errno.errorcode[error.errno], error.filename)


os.umask(0o027)
pathlib.Path("file").write_text("text")
os.mkdir("folder")
print("umask", mode_of("file"), mode_of("folder"), oct(os.umask(0)))
pathlib.Path("open").touch()
os.makedirs("wide/open")
print("no umask", mode_of("open"), mode_of("wide"), oct(os.umask(0o022)))
print("private", mode_of(tempfile.mkstemp()[1]), mode_of(tempfile.mkdtemp()))

os.link("file", "hard")
pathlib.Path("harder").hardlink_to("file")
os.symlink("file", "soft")
is_same = os.path.samefile("hard", "file")
print("links", os.stat("file").st_nlink, os.readlink("soft"), pathlib.Path("soft").read_text(), is_same)

attempt("missing", lambda: open("nothing"))
attempt("folder", lambda: open("folder", "w"))
attempt("exists", lambda: os.mkdir("folder"))
attempt("exclusive", lambda: open("file", "x"))
pathlib.Path("folder/inside").touch()
attempt("not empty", lambda: os.rmdir("folder"))
attempt("not a folder", lambda: os.listdir("file"))
attempt("link", lambda: os.link("nothing", "more"))

with open("file") as first, open("file") as second:
    fcntl.flock(first, fcntl.LOCK_EX)
    try:
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("locked")
    fcntl.flock(first, fcntl.LOCK_UN)
    fcntl.flock(second, fcntl.LOCK_SH | fcntl.LOCK_NB)
    fcntl.flock(first, fcntl.LOCK_SH | fcntl.LOCK_NB)
    print("shared")

with open("file", "rb+") as file:
    file.write(b"TEXT")
    file.flush()
    os.fsync(file.fileno())
print("synced", pathlib.Path("file").read_text())

with open("deleted", "w+") as file:
    file.write("long gone")
    os.remove("deleted")
    file.truncate(4)
    file.seek(0)
    print("deleted", file.read())

os.utime("file", (1_500_000_000, 1_600_000_000))
shutil.copy2("file", "copy")
print("times", os.stat("copy").st_mtime, os.stat("copy").st_size)
os.replace("copy", "moved")
shutil.rmtree("folder")
print("left", sorted(entry.name for entry in os.scandir(".")))
print("devices", open(os.devnull).read() == "", len(open("/dev/urandom", "rb").read(8)))
