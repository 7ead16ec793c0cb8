"""urllib3, and ``requests`` above it, use sockets and ``ssl`` as everywhere.

Under WebAssembly urllib3 (seen in 2.8.0) puts a transport over the browser's ``fetch`` in their place, which knows no
timeouts, proxies, certificates or streams. It is asked for by importing one module, which is made to do nothing. Can go
when urllib3 looks whether sockets exist.
"""

from __future__ import annotations

import sys
import types

#: pip (seen in 26.3) brings a copy of its own.
_TRANSPORTS = ("urllib3.contrib.emscripten", "pip._vendor.urllib3.contrib.emscripten")


def prepare() -> None:
    for name in _TRANSPORTS:
        module = types.ModuleType(name, __doc__)
        module.inject_into_urllib3 = lambda: None  # type: ignore[attr-defined]
        sys.modules[name] = module
