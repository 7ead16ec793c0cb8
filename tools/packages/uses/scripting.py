"""Packages for dates, schedules, retries, settings, command lines, logs and mail."""

import asyncio
import datetime
import os

from support import line_server, main


def use_python_dateutil():
    from dateutil import parser, rrule, tz

    assert parser.parse("3 Jan 2026 10:00 UTC").hour == 10
    assert len(list(rrule.rrule(rrule.DAILY, count=3, dtstart=datetime.datetime(2026, 1, 1)))) == 3
    assert tz.gettz("Europe/Berlin") is not None
    return "parses dates, and computes recurrences and time zones"


def use_arrow():
    import arrow

    assert arrow.get("2026-07-01T12:00").to("Europe/Berlin").hour == 14
    assert arrow.get(2026, 1, 1).shift(months=1).humanize(arrow.get(2026, 1, 1)) in ("in a month", "in 4 weeks")
    return "converts time zones, and humanizes a date"


def use_croniter():
    from croniter import croniter

    start = datetime.datetime(2026, 1, 1, 0, 7)
    assert croniter("*/5 * * * *", start).get_next(datetime.datetime).minute == 10
    return "computes the next time"


def use_schedule():
    import schedule

    done = []
    schedule.every(0.01).seconds.do(done.append, 1)
    while not done:
        schedule.run_pending()
    return "runs a job"


def use_apscheduler():
    import threading

    from apscheduler.schedulers.background import BackgroundScheduler

    done = threading.Event()
    scheduler = BackgroundScheduler()
    scheduler.add_job(done.set, "interval", seconds=0.1)
    scheduler.start()
    assert done.wait(10)
    scheduler.shutdown()
    return "runs a job with a `BackgroundScheduler`"


def use_tenacity():
    import tenacity

    tries = []

    @tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(0.01))
    def often():
        tries.append(1)
        if len(tries) < 3:
            raise OSError

    often()
    return "tries a function three times"


def use_backoff():
    import backoff

    tries = []

    @backoff.on_exception(backoff.constant, OSError, interval=0.01, max_tries=3)
    def often():
        tries.append(1)
        if len(tries) < 3:
            raise OSError

    often()
    return "tries a function three times"


def use_python_dotenv():
    import dotenv

    with open("settings.env", "w") as file:
        file.write("A=1\nB=${A}2\n")
    assert dotenv.dotenv_values("settings.env") == {"A": "1", "B": "12"}
    return "reads a settings file"


def use_pydantic():
    import pydantic

    class User(pydantic.BaseModel):
        name: str
        born: datetime.date

    assert User.model_validate_json('{"name": "Ada", "born": "1815-12-10"}').born.year == 1815
    try:
        User(name="x", born="never")
    except pydantic.ValidationError:
        return "checks a valid and an invalid model"
    raise AssertionError("it is not valid")


def use_click():
    import click
    from click.testing import CliRunner

    @click.command()
    @click.option("--name", default="x")
    def hello(name):
        click.echo(f"hello {name}")

    assert CliRunner().invoke(hello, ["--name", "Ada"]).output == "hello Ada\n"
    return "runs a command"


def use_structlog():
    import structlog

    with structlog.testing.capture_logs() as logs:
        structlog.get_logger().info("polled", count=1)
    assert logs == [{"event": "polled", "count": 1, "log_level": "info"}]
    return "logs an event"


def use_zope_interface():
    from zope.interface import Interface, implementer
    from zope.interface.verify import verifyObject

    class Speaks(Interface):
        def speak():
            """Says something."""

    @implementer(Speaks)
    class Dog:
        def speak(self):
            return "woof"

    assert verifyObject(Speaks, Dog())
    return "declares and checks an interface"


def use_aiosmtplib():
    import email.message

    import aiosmtplib

    def answer(line, state):
        if state.get("data"):
            state["data"] = line != "."
            return b"" if state["data"] else b"250 kept\r\n"
        word = line.partition(" ")[0].upper()
        state["data"] = word == "DATA"
        return None if word == "QUIT" else b"354 go\r\n" if word == "DATA" else b"250 ok\r\n"

    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "hello"
    with line_server(b"220 ready\r\n", answer) as port:
        asyncio.run(aiosmtplib.send(message, hostname="127.0.0.1", port=port, start_tls=False))
    return "sends a mail to a local test server"


def use_imapclient():
    import imapclient

    def answer(line, state):
        tag, command = (line.split(" ") + [""])[:2]
        words = {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
            "SELECT": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n",
            "UID": b"* SEARCH 1 3\r\n",
            "LOGOUT": b"* BYE bye\r\n",
        }
        return words.get(command.upper(), b"") + f"{tag} OK done\r\n".encode()

    with line_server(b"* OK ready\r\n", answer) as port:
        client = imapclient.IMAPClient("127.0.0.1", port=port, ssl=False)
        client.login("a", "b")
        assert client.select_folder("INBOX")[b"EXISTS"] == 3
        assert client.search("UNSEEN") == [1, 3]
        client.logout()
    return "logs in and searches a mailbox on a local test server"


if __name__ == "__main__":
    os.umask(0o077)
    main(globals())
