"""Sends an alert to a channel or chat of Microsoft Teams, as an Adaptive Card through a workflow.

Environment variables:

    TEAMS_WEBHOOK_URL    URL of the workflow "Send webhook alerts to a channel"
"""

from delivery import details, headline, link, post, run, setting

COLOURS = {"opened": "Attention", "repeated": "Warning", "recovered": "Good"}


def build(alert):
    # Teams interprets Markdown in a TextBlock, but not in the TextRun of a RichTextBlock.
    first = {"type": "TextRun", "text": headline(alert, 2000), "weight": "Bolder", "color": COLOURS[alert["state"]]}
    rest = [{"type": "TextRun", "text": text, "isSubtle": True} for text in details(alert)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [{"type": "RichTextBlock", "inlines": [text]} for text in [first, *rest]],
    }
    if link(alert) is not None:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open in cloaca", "url": link(alert)}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


if __name__ == "__main__":
    run(build, lambda message: post(setting("TEAMS_WEBHOOK_URL"), message))
