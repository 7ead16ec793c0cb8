"""Sends an alert to the phones and browsers that subscribe to a topic of ntfy.

Environment variables:

    NTFY_TOPIC    name of the topic
    NTFY_URL      default: https://ntfy.sh
    NTFY_TOKEN    access token; default: none
"""

from delivery import details, headline, link, post, run, setting

PRIORITIES = {"opened": 4, "repeated": 3, "recovered": 2}


def build(alert):
    # The title is a field of JSON, because a line break in the header `Title` would begin another header.
    message = {
        "title": headline(alert),
        "message": "\n".join(details(alert)),
        "priority": PRIORITIES[alert["state"]],
    }
    if link(alert) is not None:
        message["click"] = link(alert)
    return message


def send(message):
    token = setting("NTFY_TOKEN", "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # The topic is a field as well: ntfy reads JSON only at the root path.
    post(setting("NTFY_URL", "https://ntfy.sh"), {"topic": setting("NTFY_TOPIC"), **message}, headers)


if __name__ == "__main__":
    run(build, send)
