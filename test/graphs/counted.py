"""A graph and a workflow that write each number of a source to a journal, which all processes share."""

import os

import cloaca

JOURNAL = os.environ["GRAPHS_JOURNAL"]


def note(what, number):
    journal = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(journal, f"{what} {number}\n".encode())
    os.close(journal)


@cloaca.passthrough_accumulator
def numbers(event):
    return event["n"]


@cloaca.reactor(name="each", accumulators=["numbers"])
class Each:
    pass


with cloaca.ComputationGraphBuilder("noted", reactor=Each, graph={"look": {"inputs": ["numbers"]}}):

    @cloaca.node
    def look(number):
        note("graph", number)
        return number


with cloaca.WorkflowBuilder("booked"):

    @cloaca.task()
    def book(ctx):
        note("task", ctx["numbers"])
        return ctx
