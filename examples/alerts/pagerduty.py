"""Opens, updates and resolves an incident of PagerDuty, with the Events API v2.

Environment variables:

    PAGERDUTY_ROUTING_KEY    integration key of the service ("Events API V2")
    PAGERDUTY_URL            default: https://events.pagerduty.com/v2/enqueue
"""

import hashlib

from delivery import details, incident, line, link, post, run, setting

SEVERITIES = {"database-refused": "critical", "engine-lost": "critical", "trigger-late": "warning"}


TEST_KEY = "cloaca:test"


def build(alert):
    # Only the alert of `cloaca alert test` is about a failed execution without a workflow.
    is_test = alert["kind"] == "execution-failed" and alert["workflow"] is None
    event = {
        "event_action": "resolve" if alert["state"] == "recovered" else "trigger",
        "dedup_key": TEST_KEY if is_test else dedup_key(incident(alert)),
        "payload": {
            "summary": line(alert["message"], 1000),
            "source": line(alert["host"], 200),
            "severity": "info" if is_test else SEVERITIES.get(alert["kind"], "error"),
            "timestamp": alert["at"],
            "component": line(alert["workflow"] or alert["trigger"] or "cloaca", 200),
            "class": alert["kind"],
            "custom_details": {
                "summary": details(alert),
                **{key: line(alert[key], 1000) for key in DETAILS if alert[key] is not None},
            },
        },
        "client": "cloaca",
    }
    if link(alert) is not None:
        event["links"] = [{"href": link(alert), "text": "Open in cloaca"}]
    return event


DETAILS = ("cause", "task", "errorType", "workflow", "trigger", "executionId", "count", "since", "id")


def dedup_key(name):
    """Returns a key of at most 255 characters that differs for each name."""
    key = f"cloaca:{line(name, 150)}"
    return key if key == f"cloaca:{name}" else f"{key}:{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}"


def send(event):
    url = setting("PAGERDUTY_URL", "https://events.pagerduty.com/v2/enqueue")
    key = {"routing_key": setting("PAGERDUTY_ROUTING_KEY")}
    post(url, {**key, **event})
    if event["dedup_key"] == TEST_KEY:
        post(url, {**key, "event_action": "resolve", "dedup_key": TEST_KEY})


if __name__ == "__main__":
    run(build, send)
