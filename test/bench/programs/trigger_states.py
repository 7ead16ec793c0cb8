"""Triggers that skip, with and without state."""

import cloaca


@cloaca.trigger(on="work", poll_interval="1h")
def plain():
    return False


@cloaca.trigger(on="work", poll_interval="1h")
def small(state):
    return False


@cloaca.trigger(on="work", poll_interval="1h")
def large(state):
    return False
