"""Lists, disables and enables triggers from a program, and prints their history.

The database stores whether a trigger is enabled. A disabled trigger stays disabled after restarts and in new versions
of the code.

Run it:

    cloaca run python/examples/programs/manage_triggers.py

You will see:

    idle_desk starts answer_ticket every 60000 ms, enabled
    ticket_desk starts answer_ticket every 100 ms, enabled
    answered: ticket 1
    answered: ticket 2
    disabled: ticket_desk
    still enabled: idle_desk
    enabled again: ticket_desk
    answered: ticket 3
    ticket_desk fired 3 times, with 3 different runs
    idle_desk fired 0 times
"""

import time

import cloaca

tickets = []
answered = []


@cloaca.trigger(on="answer_ticket", poll_interval="100ms")
def ticket_desk():
    if not tickets:
        return cloaca.TriggerResult.skip()
    return cloaca.TriggerResult.fire(cloaca.Context({"ticket": tickets.pop(0)}))


@cloaca.trigger(on="answer_ticket", poll_interval="1m")
def idle_desk():
    return False


with cloaca.WorkflowBuilder("answer_ticket"):

    @cloaca.task()
    def answer(ctx):
        print(f"answered: ticket {ctx['ticket']}")
        answered.append(ctx["ticket"])
        return ctx


def wait_for_answers(count, seconds=10):
    deadline = time.monotonic() + seconds
    while len(answered) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(answered)} of {count} tickets were answered in {seconds} s")
        time.sleep(0.02)


if __name__ == "__main__":
    with cloaca.DefaultRunner(":memory:") as runner:
        for schedule in sorted(runner.list_trigger_schedules(), key=lambda each: each["trigger_name"]):
            name, every = schedule["trigger_name"], schedule["poll_interval_ms"]
            state = "enabled" if schedule["enabled"] else "disabled"
            print(f"{name} starts {schedule['workflow_name']} every {every} ms, {state}")
        tickets += [1, 2]
        wait_for_answers(2)

        runner.set_trigger_enabled("ticket_desk", False)
        print("disabled: ticket_desk")
        tickets.append(3)
        print("still enabled:", *(each["trigger_name"] for each in runner.list_trigger_schedules(enabled_only=True)))

        runner.set_trigger_enabled("ticket_desk", True)
        print("enabled again: ticket_desk")
        wait_for_answers(3)

        history = runner.get_trigger_execution_history("ticket_desk")
        runs = {firing["workflow_execution_id"] for firing in history}
        print(f"ticket_desk fired {len(history)} times, with {len(runs)} different runs")
        print(f"idle_desk fired {len(runner.get_trigger_execution_history('idle_desk'))} times")
