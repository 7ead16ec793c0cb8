"""Times the opening of the first runner of a process. In CPython this includes the start of the engine. Prints JSON."""

import json
import time

import cloaca

begin = time.perf_counter()
with cloaca.DefaultRunner(":memory:"):
    opened_s = time.perf_counter() - begin
print(json.dumps({"opened_s": opened_s}))
