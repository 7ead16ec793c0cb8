"""Triggers that start programs, and write their pids into files in the folder ``PIDS``."""

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


def start(name, code="sleep 600 & echo $$ $! > $0.new; mv $0.new $0; wait", **options):
    file = pathlib.Path(os.environ["PIDS"], name)
    program = subprocess.Popen(["sh", "-c", code, file], **options)
    while not file.exists():
        pass
    return program


@cloaca.trigger("work", poll_interval="1h")
def waits_for_program():
    with start("waits"):
        pass


@cloaca.trigger("work", poll_interval="1h")
def waits_for_member():
    with start("joins", "echo $$ > $0.new; mv $0.new $0; exec sleep 600", process_group=os.getpgrp()):
        pass


@cloaca.trigger("work", poll_interval="1h")
def computes_beside_program():
    start("computes")
    collections.deque(itertools.count(), maxlen=0)


@cloaca.trigger("work", poll_interval="1h")
def leaves_program():
    start("leaves")
    return cloaca.TriggerResult.skip()
