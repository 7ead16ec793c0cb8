"""Trigger that hangs in C for ever and cannot be interrupted."""

import collections
import itertools

import cloaca


@cloaca.trigger("work", poll_interval="1h")
def hangs():
    collections.deque(itertools.count(), maxlen=0)
    return cloaca.TriggerResult.skip()
