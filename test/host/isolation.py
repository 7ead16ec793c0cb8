"""Triggers that report facts about their process, and read the files of other processes."""

import os
import time

import cloaca


def fires(**facts):
    return cloaca.TriggerResult.fire(cloaca.Context(facts))


@cloaca.trigger("work", poll_interval="1h")
def pid():
    return fires(pid=os.getpid())


def process_facts():
    mask = os.umask(0)
    os.umask(mask)
    return {
        "cwd": os.getcwd(),
        "umask": mask,
        "zone": time.tzname[0],
        "own": os.environ.get("OF_ONE_SCRIPT"),
    }


@cloaca.trigger("work", poll_interval="1h")
def facts():
    return fires(**process_facts())


@cloaca.trigger("work", poll_interval="1h")
def changes_facts():
    os.chdir(os.environ["FILES_OF_OTHERS"])
    os.umask(0o27)
    os.environ.update(TZ="Asia/Tokyo", OF_ONE_SCRIPT="yes")
    time.tzset()
    return fires(**process_facts())


@cloaca.trigger("work", poll_interval="1h")
def reads_everything():
    """Reads each file of the folder ``FILES_OF_OTHERS``, as a backup does."""
    names = sorted(os.listdir(os.environ["FILES_OF_OTHERS"]))
    for name in names:
        with open(os.path.join(os.environ["FILES_OF_OTHERS"], name), "rb") as file:
            file.read()
    return fires(names=names)


def begins():
    """Creates a file for the test, which then kills this process."""
    open(os.path.join(os.environ["FILES_OF_OTHERS"], "begun"), "w").close()


@cloaca.trigger("work", poll_interval="1h")
def sleeps():
    begins()
    time.sleep(600)
    return cloaca.TriggerResult.skip()


@cloaca.trigger("work", poll_interval="1h")
def computes():
    begins()
    while True:
        pass
