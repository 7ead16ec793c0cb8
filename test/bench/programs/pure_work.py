"""Times pure Python code, without the engine. Prints the figures as JSON."""

import json
import random
import re
import sys
import time

ROUNDS = 7


def best_ms(work):
    """Returns the smallest processor time of several rounds, because other load only makes rounds slower."""
    timed = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        timed.append((time.process_time() - begin) * 1000)
    return min(timed)


random.seed(7)
records = [
    {"id": n, "name": f"customer {n}", "scores": [random.random() for _ in range(5)], "active": n % 3 == 0}
    for n in range(10_000)
]
text = json.dumps(records)
numbers = [random.random() for _ in range(500_000)]
prose = " ".join(record["name"] for record in records)


def loop():
    total = 0
    for n in range(3_000_000):
        total += n * n % 7
    return total


def call_functions():
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    return fibonacci(24)


figures = {
    "minor": sys.version_info[1],
    "dumps_ms": best_ms(lambda: json.dumps(records)),
    "loads_ms": best_ms(lambda: json.loads(text)),
    "loop_ms": best_ms(loop),
    "calls_ms": best_ms(call_functions),
    "sort_ms": best_ms(lambda: sorted(numbers)),
    "regex_ms": best_ms(lambda: re.sub(r"(\w+) (\d+)", r"\2 \1", prose)),
}
print(json.dumps(figures))
