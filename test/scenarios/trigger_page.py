"""Code samples of the trigger documentation, with the functions and workflows that they use."""

import time

import cloaca

waiting = ["b.csv", "a.csv"]


def next_file():
    return waiting.pop() if waiting else None


def healthy():
    return False


@cloaca.trigger(workflow="ingest", poll_interval="2s")     # seed spelling
def inbox():
    name = next_file()
    if name is None:
        return cloaca.TriggerResult.skip()
    return cloaca.TriggerResult.fire(cloaca.Context({"file": name}))


@cloaca.trigger(on="heal", name="watchdog", poll_interval="1m", allow_concurrent=True)
def check():
    return not healthy()                                   # bool, current only


@cloaca.trigger(on="nightly", cron="0 2 * * *", timezone="Europe/Paris")
def nightly_backup():
    raise AssertionError("a cron trigger is never polled")


@cloaca.trigger(name="nightly", poll_interval="1h")
def named_like_its_workflow():
    return True


for workflow in ("ingest", "heal", "nightly"):
    with cloaca.WorkflowBuilder(workflow):

        @cloaca.task(id="note")
        def note(context):
            context.set("seen_by", "note")
            return context


if __name__ == "__main__":
    with cloaca.DefaultRunner(":memory:") as runner:
        while not all(runner.get_trigger_execution_history(name) for name in ("inbox", "watchdog", "nightly")):
            time.sleep(0.02)
        for name in ("inbox", "watchdog", "nightly"):
            schedule = runner.get_trigger_schedule(name)
            print(name, schedule["workflow_name"], schedule["poll_interval_ms"], schedule["allow_concurrent"])
        (cron,) = runner.list_cron_schedules()
        print(cron["workflow_name"], cron["cron_expression"], cron["timezone"], cron["next_run_at"].endswith("00:00"))
        print(inbox().is_fire_result(), inbox().is_skip_result(), check())
