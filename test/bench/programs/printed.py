"""Times printed lines by parts: the loop, the text layer, and the way to stdout. Prints JSON, per million lines."""

import io
import json
import os
import sys
import time

LINES = 200_000
ROUNDS = 7


def loop():
    for number in range(LINES):
        str(number)


def printing(stream):
    def work():
        for number in range(LINES):
            print(number, file=stream)

    return work


# Created like sys.stdout, with another descriptor.
discarded = io.TextIOWrapper(
    io.FileIO(os.devnull, "wb"), encoding="utf-8", write_through=getattr(sys.stdout, "write_through", False)
)
works = {"loop": loop, "discarded": printing(discarded), "written": printing(sys.stdout)}

best = {name: float("inf") for name in works}
for _ in range(ROUNDS):
    # The works take turns, so that other load on the machine affects all of them.
    for name, work in works.items():
        begin = time.process_time()
        work()
        best[name] = min(best[name], (time.process_time() - begin) * 1_000_000 / LINES)

figures = {
    "loop_s": best["loop"],
    "text_s": best["discarded"] - best["loop"],
    "way_s": best["written"] - best["discarded"],
    "output_s": best["written"] - best["loop"],
}
print(json.dumps(figures))
