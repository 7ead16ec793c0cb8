"""Trigger that hangs in C for ever and cannot be interrupted."""

import collections
import itertools
import os

import cloaca


@cloaca.trigger("work", poll_interval="1h")
def hangs():
    # Creates a file for the test, because this interpreter answers no other call from here on.
    if "HANGS_BEGUN" in os.environ:
        open(os.environ["HANGS_BEGUN"], "w").close()
    collections.deque(itertools.count(), maxlen=0)
    return cloaca.TriggerResult.skip()
