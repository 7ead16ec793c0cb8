"""A trigger that hangs in C, for good: nothing can interrupt it."""

import collections
import itertools

import cloaca


@cloaca.trigger("work", poll_interval="1h")
def hangs():
    collections.deque(itertools.count(), maxlen=0)
    return cloaca.TriggerResult.skip()
