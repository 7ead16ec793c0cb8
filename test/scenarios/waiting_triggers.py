"""Triggers whose servers never reply, two triggers that receive their replies together, and a fast trigger."""

import os
import ssl
import urllib.request

import cloaca

skip = cloaca.TriggerResult.skip
answered = set()


def ask(url):
    context = ssl.create_default_context(cafile=os.environ["TEST_CA"])
    with urllib.request.urlopen(url, context=context) as response:
        return response.read().decode()


@cloaca.trigger("note", poll_interval="10s")
def silent_http():
    return ask(os.environ["TEST_HTTP_URL"] + "/never")


@cloaca.trigger("note", poll_interval="10s")
def silent_https():
    return ask(os.environ["TEST_HTTPS_URL"] + "/never")


def ask_until_answered(name, url):
    """Fires with the reply of the server, and skips afterwards. A request that timed out is repeated."""
    if name in answered:
        return skip()
    answer = ask(url + "/both")
    answered.add(name)
    return cloaca.TriggerResult.fire(cloaca.Context({"answer": answer}))


@cloaca.trigger("note", poll_interval="50ms")
def one():
    return ask_until_answered("one", os.environ["TEST_HTTP_URL"])


@cloaca.trigger("note", poll_interval="50ms")
def other():
    return ask_until_answered("other", os.environ["TEST_HTTPS_URL"])


@cloaca.trigger("note", poll_interval="20ms")
def brisk():
    return skip()


with cloaca.WorkflowBuilder("note"):

    @cloaca.task()
    def write(context):
        return context
