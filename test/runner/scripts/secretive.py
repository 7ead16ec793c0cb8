"""Requests secrets in tasks, in threads, in a poll and during the import."""

import threading

import cloaca
from cloaca._border import bridge

kept = []


def asked(ask):
    try:
        return ["found", ask()]
    except Exception as error:
        return [type(error).__name__, *error.args]


with cloaca.WorkflowBuilder("fetch"):

    @cloaca.task(retry_attempts=0)
    def get(ctx):
        kept.append(ctx)
        found = ctx.secret(ctx["name"])
        ctx.set("lengths", {field: len(value) for field, value in found.items()})
        ctx.set("shown", repr(ctx))
        return ctx


with cloaca.WorkflowBuilder("misses"):

    @cloaca.task()
    def misses(ctx):
        asks = [lambda name=name: ctx.secret(name) for name in ctx["names"]]
        answers = [asked(ask) for ask in asks]
        answers.append(asked(lambda: ctx.secret_field("warehouse", "port")))
        in_thread = []
        thread = threading.Thread(target=lambda: in_thread.append(ctx.secret_field("warehouse", "user")))
        thread.start()
        thread.join()
        return cloaca.Context({"answers": answers, "in_thread": in_thread})


with cloaca.WorkflowBuilder("reads_failures"):

    @cloaca.task(retry_attempts=1)
    def login(ctx):
        raise ValueError("no login with " + ctx.secret_field("warehouse", "password"))

    @cloaca.task(dependencies=[login], trigger_rules=cloaca.task_failed("login"))
    def report(ctx, handle):
        return cloaca.Context({"failures": handle.failures, "traceback": handle.traceback("login")})


with cloaca.WorkflowBuilder("by_alias"):

    @cloaca.task()
    def by_alias(ctx):
        return cloaca.Context({"length": len(ctx.secret_field("db", "password")), "input": ctx.to_dict()})


with cloaca.WorkflowBuilder("leaves_a_thread"):

    @cloaca.task()
    def leaves_a_thread(ctx):
        def ask_later():
            ended.wait()
            late.append(asked(lambda: ctx.secret("warehouse")))
            answered.set()

        threading.Thread(target=ask_later, daemon=True).start()


with cloaca.WorkflowBuilder("after"):

    @cloaca.task()
    def after(ctx):
        ended.set()
        answered.wait()
        return cloaca.Context({"late": late})


ended, answered, late = threading.Event(), threading.Event(), []


@cloaca.trigger(on="fetch", poll_interval="1h")
def polls():
    return cloaca.TriggerResult.skip(repr(asked(lambda: kept[0].secret("warehouse"))))


at_load = asked(lambda: bridge.call("secret", {"name": "warehouse"}))

with cloaca.WorkflowBuilder("loaded"):

    @cloaca.task()
    def loaded(ctx):
        return cloaca.Context({"at_load": at_load})


with cloaca.WorkflowBuilder("prints"):

    @cloaca.task(retry_attempts=0)
    def prints(ctx):
        import logging
        import sys

        password = ctx.secret_field("warehouse", "password")
        print("password", password, "in", {"password": password})
        for each in password:
            print(each, end="", flush=True)
        print()
        print(password, file=sys.stderr)
        logging.getLogger("jobs").warning("logged %s", password, extra={"given": {"password": password}})
        try:
            raise ValueError(f"cannot log in with {password}")
        except ValueError:
            logging.exception("it failed")
        raise RuntimeError(f"gave up with {password}")

    @cloaca.task(dependencies=[prints], trigger_rules=cloaca.task_failed("prints"))
    def says_more(ctx):
        print("hunter22-of-the-warehouse")
        return cloaca.Context({"kept": "hunter22-of-the-warehouse"})
