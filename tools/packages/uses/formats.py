"""Packages for files, formats, numbers and cryptography."""

import io

from support import main


def use_pyyaml():
    import yaml

    assert yaml.safe_load("a: [1, {b: c}]\nd: 2026-01-01")["a"] == [1, {"b": "c"}]
    assert yaml.safe_load(yaml.safe_dump({"a": [1]})) == {"a": [1]}
    return "reads and writes a document"


def use_openpyxl():
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Ada", 36, "=B1*2"])
    book.save("book.xlsx")
    assert openpyxl.load_workbook("book.xlsx").active["A1"].value == "Ada"
    return "writes and reads a workbook"


def use_lxml():
    from lxml import etree, html

    assert etree.fromstring("<a><b c='d'/></a>").xpath("//b/@c") == ["d"]
    assert html.fromstring("<p>x<br>y").text_content() == "xy"
    return "evaluates XPath and parses HTML"


def use_beautifulsoup4():
    from bs4 import BeautifulSoup

    soup = BeautifulSoup("<ul><li class=a>1<li class=a>2</ul>", "html.parser")
    assert len(soup.select("li.a")) == 2
    return "finds elements with CSS selectors"


def use_feedparser():
    import feedparser

    feed = "<rss version='2.0'><channel><title>T</title><item><title>A</title></item></channel></rss>"
    assert feedparser.parse(feed).entries[0].title == "A"
    return "parses a feed"


def use_numpy():
    import numpy

    assert (numpy.arange(6).reshape(2, 3) @ numpy.ones((3, 1))).tolist() == [[3.0], [12.0]]
    return "multiplies matrices"


def use_pandas():
    import pandas

    frame = pandas.read_csv(io.StringIO("k,v\na,1\na,2\nb,3\n"))
    assert frame.groupby("k").v.sum().to_dict() == {"a": 3, "b": 3}
    return "reads and groups CSV"


def use_polars():
    import polars

    assert polars.DataFrame({"a": [1, 2]}).select(polars.col("a").sum()).item() == 3
    return "creates a data frame"


def use_pyarrow():
    import pyarrow
    import pyarrow.compute

    assert pyarrow.compute.sum(pyarrow.array([1, 2])).as_py() == 3
    return "creates an array"


def use_scipy():
    from scipy import optimize

    assert abs(optimize.brentq(lambda x: x * x - 2, 0, 2) - 2**0.5) < 1e-9
    return "finds a root"


def use_orjson():
    import orjson

    assert orjson.loads(orjson.dumps({"a": [1, 2.5]})) == {"a": [1, 2.5]}
    return "writes and reads JSON"


def use_pillow():
    from PIL import Image

    Image.new("RGB", (8, 8), "red").save("red.png")
    assert Image.open("red.png").getpixel((0, 0)) == (255, 0, 0)
    return "writes and reads a PNG file"


def use_pypdf():
    import pypdf

    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write("page.pdf")
    assert len(pypdf.PdfReader("page.pdf").pages) == 1
    return "writes and reads a PDF file"


def use_xmltodict():
    import xmltodict

    assert xmltodict.parse("<a><b>1</b></a>") == {"a": {"b": "1"}}
    return "parses a document"


def use_jsonschema():
    import jsonschema

    jsonschema.validate({"a": 1}, {"type": "object", "properties": {"a": {"type": "integer"}}})
    try:
        jsonschema.validate({"a": "x"}, {"properties": {"a": {"type": "integer"}}})
    except jsonschema.ValidationError:
        return "checks a valid and an invalid document; newer versions need `rpds-py`, which has native code"
    raise AssertionError("it is not valid")


def use_jinja2():
    import jinja2

    template = jinja2.Environment(autoescape=True).from_string("{% for x in xs %}<{{ x }}>{% endfor %}")
    assert template.render(xs=["a", "&"]) == "<a><&amp;>"
    return "renders a template with a loop"


def use_markupsafe():
    import markupsafe

    assert markupsafe.escape("<a>") == markupsafe.Markup("&lt;a&gt;")
    return "escapes text"


def use_regex():
    import regex

    assert regex.search(r"(?<=\p{Lu})\w+", "xÄbc").group() == "bc"
    return "searches by Unicode category"


def use_icalendar():
    import datetime

    import icalendar

    event = icalendar.Event()
    event.add("summary", "Review")
    event.add("dtstart", datetime.datetime(2026, 1, 1, 12))
    assert icalendar.Event.from_ical(event.to_ical())["summary"] == "Review"
    return "writes and reads an event"


def use_watchdog():
    import os
    import queue

    from watchdog.events import FileSystemEventHandler
    from watchdog.observers.polling import PollingObserver

    seen = queue.Queue()

    class Handler(FileSystemEventHandler):
        def on_created(self, event):
            seen.put(os.path.basename(event.src_path))

    os.makedirs("watched", exist_ok=True)
    observer = PollingObserver(timeout=0.1)
    observer.schedule(Handler(), "watched")
    observer.start()
    open("watched/new.txt", "w").close()
    assert seen.get(timeout=10) == "new.txt"
    observer.stop()
    observer.join()
    os.remove("watched/new.txt")
    return "detects a new file with a `PollingObserver`"


def use_cryptography():
    from cryptography.fernet import Fernet

    key = Fernet(Fernet.generate_key())
    assert key.decrypt(key.encrypt(b"a")) == b"a"
    return "encrypts and decrypts"


def use_cffi():
    import cffi

    ffi = cffi.FFI()
    assert ffi.new("int[]", [1, 2])[1] == 2
    return "creates a C array"


def use_pyjwt():
    import jwt

    key = "a key that is long enough for SHA-256"
    assert jwt.decode(jwt.encode({"sub": "ada"}, key, "HS256"), key, ["HS256"]) == {"sub": "ada"}
    return "signs and checks a token with HS256"


if __name__ == "__main__":
    main(globals())
