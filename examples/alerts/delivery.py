"""Code that all recipes share: reads the alert, shortens its texts, sends the message, and reports failures.

All texts of an alert can contain text of strangers, for example a file name in the message of an exception. Use them
only through `headline`, `details`, `line` and `link`, and put them only into fields that the receiver does not parse.
"""

import json
import os
import shlex
import sys
import urllib.error
import urllib.parse
import urllib.request

# For each network operation. cloaca ends a command after 30 s.
TIMEOUT_SECONDS = 10

ICONS = {"opened": "🔴", "repeated": "🔁", "recovered": "✅"}


class DeliveryError(Exception):
    """The message was not delivered. The text contains no passwords and no path of a URL."""


def run(build, send):
    """Builds a message from the alert on stdin and sends it, or prints it if the argument is `--print`."""
    try:
        message = build(json.loads(sys.stdin.buffer.read().decode("utf-8")))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        sys.exit(f"Alert not delivered: stdin is not an alert of cloaca: {type(error).__name__}: {error}")
    if sys.argv[1:] == ["--print"]:
        sys.stdout.reconfigure(encoding="utf-8")
        print(json.dumps(message, indent=2, ensure_ascii=False) if isinstance(message, dict) else message)
        return
    try:
        send(message)
    except DeliveryError as error:
        sys.exit(f"Alert not delivered: {error}")


def setting(name, default=None):
    """Returns the value of an environment variable."""
    value = os.environ.get(name) or default
    if value is None:
        raise DeliveryError(f'the environment variable "{name}" is not set')
    return value


def line(text, limit):
    """Returns a text in one line, without control characters and shortened to `limit` characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in str(text))
    words = " ".join(printable.split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def headline(alert, limit=300):
    """Returns the message of the alert, with an icon for its state."""
    return f"{ICONS[alert['state']]} {line(alert['message'], limit)}"


def details(alert):
    """Returns further lines: how often and since when, where, and the next commands."""
    failures = f"{alert['count']} times since {alert['since']}" if alert["count"] > 1 else f"at {alert['at']}"
    lines = [f"{alert['kind']} {failures}, host {alert['host']}"]
    if alert["executionId"] is not None and alert["state"] != "recovered":
        lines.append(f"cloaca execution show {alert['executionId']}")
        if alert["kind"] == "execution-failed":
            lines.append(f"cloaca execution retry {alert['executionId']}")
    if alert["kind"].startswith("trigger-") and alert["trigger"] is not None and alert["state"] != "recovered":
        lines.append(f"cloaca trigger show {shlex.quote(line(alert['trigger'], 100))}")
    return [line(text, 300) for text in lines]


def link(alert):
    """Returns the address of the page about the execution or trigger, or None."""
    address = alert["link"]
    if address is None or not address.startswith(("http://", "https://")):
        return None
    return urllib.parse.quote(address, safe=":/?#[]@!$&'()*+,;=%")


def incident(alert):
    """Returns a name that all messages about the same incident share."""
    is_about_workflow = alert["kind"] in ("execution-failed", "deadline-missed")
    name = alert["workflow"] if is_about_workflow else alert["trigger"] or alert["subject"]
    return f"{alert['kind']}:{name or ''}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    # urllib would follow with a GET request, which delivers nothing and succeeds.
    def redirect_request(self, *_):
        return None


def post(url, body, headers=None):
    """Sends JSON in a POST request. Only a 2xx response is a success."""
    host = _host(url)
    data = json.dumps(body).encode("ascii")
    headers = {"Content-Type": "application/json", "User-Agent": "cloaca", **(headers or {})}
    try:
        request = urllib.request.Request(url, data, headers, method="POST")
        urllib.request.build_opener(_NoRedirects).open(request, timeout=TIMEOUT_SECONDS).close()
    except urllib.error.HTTPError as error:
        with error:
            raise DeliveryError(f"{host} answered with status {error.code}{_beginning(error)}") from None
    except Exception as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        # The text of other exceptions can contain the URL.
        text = reason if isinstance(reason, OSError) else type(reason).__name__
        raise DeliveryError(f"{host}: {text}") from None


def _host(url):
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise DeliveryError("the URL in the environment variable does not start with https:// or http://")
    return parts.hostname


def _beginning(response):
    try:
        text = line(response.read(500).decode("utf-8", "replace"), 200)
    except Exception:
        return ""  # the status is enough
    return f": {text}" if text else ""
