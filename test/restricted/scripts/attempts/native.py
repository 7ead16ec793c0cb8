"""Attempts to call native code directly or indirectly, with and without the grant "ffi"."""

import importlib
import importlib.machinery
import importlib.util
import os
import sys

import _imp

from attempts import negative, nonzero, nothing

#: Shared library in WebAssembly without any code.
EMPTY_LIBRARY = b"\0asm\1\0\0\0" + b"\0\x0f\x08dylink.0\1\4\0\0\0\0"


def attempts(place):
    return _with_ffi(place) if "ffi" in place.grants else _without_ffi(place)


def _without_ffi(place):
    def import_again(name):
        sys.modules.pop(name, None)
        kept = ("_frozen", "importlib")
        sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__.startswith(kept)]
        return importlib.import_module(name)

    def builtin(name):
        made = _imp.create_builtin(importlib.machinery.ModuleSpec(name, importlib.machinery.BuiltinImporter))
        if made is None:
            raise ImportError(name)
        return made

    def extension(path):
        with open(path, "wb") as file:
            file.write(EMPTY_LIBRARY)
        loader = importlib.machinery.ExtensionFileLoader("made", path)
        return importlib.util.module_from_spec(importlib.util.spec_from_loader("made", loader))

    def library_of_ctypes():
        with open("/tmp/library.so", "wb") as file:
            file.write(EMPTY_LIBRARY)
        import ctypes

        return ctypes.CDLL("/tmp/library.so")

    def extension_by_link():
        os.symlink(f"{place.outside}/library.so", "/tmp/link.so")
        loader = importlib.machinery.ExtensionFileLoader("link", "/tmp/link.so")
        return importlib.util.module_from_spec(importlib.util.spec_from_loader("link", loader))

    def stand_in_of_pandas():
        module = type(sys)("pandas.errors")
        exec("import ctypes\nfound = ctypes.CDLL", vars(module))
        return module.found

    names = ("_ctypes", "_testcapi", "_testinternalcapi", "_testlimitedcapi", "_testbuffer", "_xxtestfuzz")
    return {
        "ctypes": lambda: importlib.import_module("ctypes"),
        "ctypes_util": lambda: importlib.import_module("ctypes.util"),
        "ctypes_without_finders": lambda: import_again("ctypes"),
        "shared_memory_of_ctypes": lambda: importlib.import_module("multiprocessing.sharedctypes"),
        **{name: lambda name=name: importlib.import_module(name) for name in names},
        **{f"builtin{name}": lambda name=name: builtin(name) for name in names},
        "loader_of_builtins": lambda: importlib.machinery.BuiltinImporter.load_module("_ctypes").CFuncPtr,
        "extension_in_memory": lambda: extension("/tmp/made.so"),
        "extension_in_writable": lambda: extension(f"{place.writable}/made.so"),
        "library_of_ctypes": library_of_ctypes,
        "extension_by_link": extension_by_link,
        "stand_in_of_pandas": stand_in_of_pandas,
    }


def _with_ffi(place):
    """Returns attempts of native code to leave the memory of Python."""
    import ctypes

    outside = place.outside

    def overlong_name():
        # Emscripten decodes two bytes as "c". Python never encodes a text in this way.
        from pyodide.ffi import to_js

        name = "\xff" * 6
        address = ctypes.pythonapi.PyUnicode_AsUTF8
        address.restype, address.argtypes = ctypes.c_void_p, [ctypes.py_object]
        ctypes.memmove(address(name), b"\xc1\xa3onstructor", 12)
        try:
            return getattr(to_js([1]), name)
        except UnicodeDecodeError:
            raise AttributeError("constructor") from None  # Python cannot show the name

    return {
        "overlong_name": overlong_name,
        "system_of_c": lambda: nonzero(ctypes.CDLL(None).system(f"echo x > {outside}/made".encode())),
        "script_of_c": lambda: nothing(ctypes.CDLL(None).emscripten_run_script_int(b"process.pid")),
        "execve_of_c": lambda: negative(ctypes.CDLL(None).execve(b"/bin/echo", None, None)),
        "fork_of_c": lambda: negative(ctypes.CDLL(None).fork()),
        "open_of_c": lambda: negative(ctypes.CDLL(None).open(f"{outside}/secret.txt".encode(), 0)),
        "unlink_of_c": lambda: negative(ctypes.CDLL(None).unlink(f"{outside}/secret.txt".encode())),
        "socket_of_c": lambda: negative(ctypes.CDLL(None).socket(2, 1, 0)),
        "dlopen": lambda: ctypes.CDLL(f"{outside}/library.so"),
        "dlopen_of_system": lambda: ctypes.CDLL("/lib/x86_64-linux-gnu/libc.so.6"),
    }
