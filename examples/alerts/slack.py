"""Sends an alert to a channel of Slack, through an incoming webhook.

Environment variables:

    SLACK_WEBHOOK_URL    https://hooks.slack.com/services/…
"""

from delivery import details, headline, link, post, run, setting


def build(alert):
    # Slack interprets nothing in `plain_text`. Only `mrkdwn` can contain links and mentions.
    blocks = [
        {"type": "section", "text": {"type": "plain_text", "text": headline(alert, 2000), "emoji": False}},
        {"type": "context", "elements": [{"type": "plain_text", "text": "\n".join(details(alert)), "emoji": False}]},
    ]
    if link(alert) is not None:
        text = f"<{escape(link(alert))}|Open in cloaca>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    # `text` is shown in notifications.
    return {"text": escape(headline(alert)), "mrkdwn": False, "blocks": blocks}


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


if __name__ == "__main__":
    run(build, lambda message: post(setting("SLACK_WEBHOOK_URL"), message))
