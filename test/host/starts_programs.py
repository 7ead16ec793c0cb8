"""Polls that start other programs, and write their numbers into files of the folder ``PIDS``."""

import collections
import itertools
import os
import pathlib
import subprocess

import cloaca


with cloaca.WorkflowBuilder("work"):

    @cloaca.task()
    def nothing(context):
        return context


def start(name):
    file = pathlib.Path(os.environ["PIDS"], name)
    program = subprocess.Popen(["sh", "-c", f"sleep 600 & echo $$ $! > {file}.new; mv {file}.new {file}; wait"])
    while not file.exists():
        pass
    return program


@cloaca.trigger("work", poll_interval="1h")
def waits_for_program():
    with start("waits"):
        pass


@cloaca.trigger("work", poll_interval="1h")
def computes_beside_program():
    start("computes")
    collections.deque(itertools.count(), maxlen=0)


@cloaca.trigger("work", poll_interval="1h")
def leaves_program():
    start("leaves")
    return cloaca.TriggerResult.skip()
