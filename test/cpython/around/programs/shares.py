"""Runs workflows on a database that another program uses at the same time."""

import collections
import sys

import cloaca
import jobs

url, count = sys.argv[1], int(sys.argv[2])

with cloaca.DefaultRunner(url) as runner:
    jobs.say("open")
    sys.stdin.readline()
    statuses = collections.Counter(runner.execute("quick", cloaca.Context({})).status for _ in range(count))
jobs.say(f"done {dict(statuses)}")
