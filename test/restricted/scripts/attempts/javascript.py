"""Attempts to reach JavaScript objects, and through them Node."""

import gc
import importlib
import importlib.util
import sys

import cloaca

from attempts import border, nothing


def attempts(place):
    def import_js():
        import js

        return js.process

    def import_pyodide_js():
        import pyodide_js

        return pyodide_js._module

    def run_js():
        from pyodide.code import run_js

        return run_js("1 + 1")

    def import_node_fs():
        from pyodide.code import run_js

        return run_js("import('node:fs')")

    def run_js_imported_again():
        for name in ("pyodide.code", "pyodide._run_js"):
            sys.modules.pop(name, None)
        return importlib.import_module("pyodide._run_js").run_js("1 + 1")

    def constructor_of_array():
        from pyodide.ffi import to_js

        return to_js([1]).constructor.constructor("return process")()

    def constructor_with_lines():
        from pyodide.ffi import to_js

        return to_js([1]).constructor_

    def prototype():
        from pyodide.ffi import to_js

        return to_js([1]).__proto__

    def item_of_prototype():
        from pyodide.ffi import to_js

        return to_js({"a": 1}).as_object_map(hereditary=True)["constructor"]

    def attribute_of_javascript():
        from pyodide.ffi import to_js

        array = to_js([1])
        array.toString = print
        return array

    def constructor_of_proxy():
        from pyodide.ffi import create_proxy

        return create_proxy(print).constructor

    def constructor_of_host_function():
        return border().sockets.connect.constructor

    def constructor_of_host():
        return border().engine.constructor

    def call_of_host_function():
        return border().signals.kill.call

    def constructor_of_promise():
        return border().waits.sleep(0, 1).constructor

    def constructor_of_error():
        from pyodide.ffi import JsException

        try:
            border().sqlite.close.nothing()
        except JsException as error:
            return error.js_error.constructor
        raise AttributeError("it has no attribute")

    def objects_in_memory():
        from pyodide.ffi import JsProxy

        found = [each for one in gc.get_objects() for each in gc.get_referents(one) if isinstance(each, JsProxy)]
        reached = [each for each in found if hasattr(each, "process") or hasattr(each, "constructor")]
        if reached:
            return reached
        raise AttributeError("none leads anywhere")

    def name_behind_byte_order_mark():
        # Emscripten drops the byte order mark of a long name.
        from pyodide.ffi import to_js

        return getattr(to_js([1]), "\ufeff__defineGetter__")

    def key_that_changes():
        from pyodide.ffi import to_js

        keys = iter(["a", "a", "constructor", "constructor"])

        class Key:
            def __str__(self):
                return next(keys)

            __repr__ = __str__

            def __hash__(self):
                return 1

        return to_js({"a": 1}).as_object_map(hereditary=True)[Key()]

    def methods_of_arrays():
        from pyodide.ffi import to_js

        return to_js([1]).map

    def unlisted_function_of_host():
        return border().sockets.attach

    def constructor_of_function():
        return border().sockets.open_stream.new()

    def register_module():
        from pyodide.ffi import register_js_module

        return register_js_module

    def import_border():
        from cloaca._border import host

        return host.sockets

    def attribute_border():
        return cloaca._border.host.sockets

    def import_of_what_uses_the_border():
        from cloaca._adapt.sockets import transfers

        return transfers.host.sockets

    def import_by_path():
        spec = importlib.util.find_spec("cloaca._border.host")
        return spec.loader.load_module("cloaca._border.host").sockets

    attempts = [
        import_js,
        import_pyodide_js,
        run_js,
        import_node_fs,
        run_js_imported_again,
        constructor_of_array,
        constructor_with_lines,
        prototype,
        item_of_prototype,
        attribute_of_javascript,
        constructor_of_proxy,
        constructor_of_host_function,
        constructor_of_host,
        call_of_host_function,
        constructor_of_promise,
        constructor_of_error,
        objects_in_memory,
        register_module,
        name_behind_byte_order_mark,
        key_that_changes,
        methods_of_arrays,
        unlisted_function_of_host,
        constructor_of_function,
        import_border,
        attribute_border,
        import_of_what_uses_the_border,
        import_by_path,
    ]
    return {each.__name__: each for each in attempts}
