"""Script for tests of executions: long names, retries, failures, colours, markup, many tasks, large contexts."""

import logging
import os
import time

import cloaca

log = logging.getLogger("shop.orders")

with cloaca.WorkflowBuilder("order") as builder:
    builder.description("Takes an order, reserves what it needs, and ships it")

    @cloaca.task()
    def take(context):
        context.set("order", 4711)
        context.set("total", 1.0)
        print("\x1b[32mtaken\x1b[0m <b>not bold</b> <img src=x onerror=alert(1)>")
        log.info("order %s of %s", 4711, "Ü. Nötig", extra={"customer": 17})
        return context

    @cloaca.task(dependencies=["take"], retry_attempts=3, retry_delay_ms=40)
    def reserve(context):
        time.sleep(0.05)
        seen = context.get("seen", [])
        if not os.path.exists(context.get("flag", "/nonexistent")) and context.get("fails", True):
            log.warning("the stock does not answer")
            raise ConnectionError("the stock does not answer: \x1b[31mtimed out\x1b[0m")
        context.set("seen", seen + ["reserved"])
        return context

    @cloaca.task(dependencies=["take"])
    def a_task_with_a_name_that_is_much_longer_than_any_column_would_like_it_to_be(context):
        time.sleep(0.1)
        for number in range(40):
            print("checking address", number, "of the customer", "…" * (number % 7))
        context.set("address", "Main Street 1")
        context.set("total", 1.5)
        return context

    @cloaca.task(
        dependencies=["reserve", "a_task_with_a_name_that_is_much_longer_than_any_column_would_like_it_to_be"]
    )
    def ship(context):
        log.error("cannot be reached")
        context.set("shipped", True)
        return context


with cloaca.WorkflowBuilder("fine") as builder:
    builder.description("Ends well")

    @cloaca.task()
    def only(context):
        print("one", "two")
        context.set("n", 1)
        return context


with cloaca.WorkflowBuilder("patient") as builder:
    builder.description("Runs until its file is there, and talks meanwhile")

    @cloaca.task()
    def waits(context):
        number = 0
        while not os.path.exists(context.get("until")):
            number += 1
            print("still waiting", number, flush=True)
            time.sleep(0.2)
        return context

    @cloaca.task(dependencies=["waits"])
    def after(context):
        print("over")
        return context


with cloaca.WorkflowBuilder("wide") as builder:
    builder.description("300 tasks in layers, which say much")

    def make(name, dependencies):
        def body(context):
            for number in range(34):
                print(name, "line", number)
            time.sleep(0.002)
            context.set("done", name)
            return context

        body.__name__ = name
        cloaca.task(id=name, dependencies=dependencies)(body)

    for layer in range(10):
        for index in range(30):
            before = [] if layer == 0 else [f"t{layer - 1:02}_{index:02}", f"t{layer - 1:02}_{(index + 7) % 30:02}"]
            make(f"t{layer:02}_{index:02}", before)


@cloaca.trigger(workflow="fine", poll_interval="1h", allow_concurrent=True)
def hourly():
    return cloaca.TriggerResult.fire(cloaca.Context({"by": "hourly"}))
