"""Lets urllib3, and ``requests``, which uses it, work with sockets and ``ssl`` as on other platforms.

Under WebAssembly, urllib3 (seen in 2.8.0) replaces them with a transport that uses the browser's ``fetch``, which has
no timeouts, proxies, certificates or streams. It does so by importing one module, which has no effect here. Can be
deleted when urllib3 checks whether sockets exist.
"""

from __future__ import annotations

import sys
import types

#: Modules of urllib3 and of the copy that pip (seen in 26.3) contains.
_TRANSPORTS = ("urllib3.contrib.emscripten", "pip._vendor.urllib3.contrib.emscripten")


def prepare() -> None:
    for name in _TRANSPORTS:
        module = types.ModuleType(name, __doc__)
        module.inject_into_urllib3 = lambda: None  # type: ignore[attr-defined]
        sys.modules[name] = module
