"""Times the opening of a process's first runner; where the engine is a child of python, it is started here. Prints JSON."""

import json
import time

import cloaca

begin = time.perf_counter()
with cloaca.DefaultRunner(":memory:"):
    opened_s = time.perf_counter() - begin
print(json.dumps({"opened_s": opened_s}))
