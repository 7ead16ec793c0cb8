"""Tasks that log with handlers, levels, filters and queues of their own."""

import io
import logging
import queue
import sys
from logging.handlers import MemoryHandler, QueueHandler, QueueListener

import cloaca

seen = []
made = []
ROOT = logging.getLogger()
STATE = (ROOT.level, list(ROOT.handlers), ROOT.isEnabledFor(logging.INFO), logging.getLogRecordFactory())


class Keeping(logging.Handler):
    def emit(self, record):
        seen.append((record.levelname, record.getMessage(), record.funcName))


class Expensive:
    def __str__(self):
        raise RuntimeError("this object cannot be shown")


def logger_of(name, level=logging.NOTSET, *handlers):
    logger = logging.getLogger(name)
    logger.setLevel(level)
    for handler in handlers:
        logger.addHandler(handler)
    logger.propagate = not handlers
    return logger


with cloaca.WorkflowBuilder("logs"):

    @cloaca.task(id="unseen")
    def unseen(context):
        log = logger_of("app.unseen")
        log.debug("never kept")
        log.info("kept all the same: %s", 7)
        log.log(25, "%(name)s has a level of its own", {"name": "it"})
        log.info("with extra", extra={"order": 7, "tags": {"a", "b"}.__len__(), "who": ("x", None)})
        log.info("cannot be shown: %s", Expensive())
        log.info("wrong: %d", "text")
        try:
            raise KeyError("missing")
        except KeyError:
            log.info("caught", exc_info=True)
        logging.LoggerAdapter(log, {"request": "r-1"}).info("through an adapter")
        log.info("from the line of the caller", stacklevel=2)
        assert not log.isEnabledFor(logging.INFO)

    @cloaca.task(id="shown")
    def shown(context):
        log = logger_of("app.shown")
        log.warning("shown once\nin two lines")
        print("printed in between", file=sys.stderr)
        log.error("shown, too")

    @cloaca.task(id="own_handlers")
    def own_handlers(context):
        text = io.StringIO()
        log = logger_of("app.own", logging.DEBUG, Keeping(), logging.StreamHandler(text), logging.StreamHandler())
        log.debug("wanted")
        log.exception("an error") if log.isEnabledFor(logging.ERROR) else None
        context.set("text", text.getvalue())
        context.set("seen", seen)
        return context

    @cloaca.task(id="refused")
    def refused(context):
        log = logger_of("app.refused")
        log.disabled = True
        log.error("its logger is disabled")
        log.disabled = False
        logging.disable(logging.INFO)
        log.info("all below are disabled")
        logging.disable(logging.NOTSET)
        log.addFilter(lambda record: "secret" not in record.getMessage())
        log.warning("a secret")
        log.info("would have to pass a filter")
        log.warning("passes the filter")
        log.filters.clear()

    @cloaca.task(id="queued")
    def queued(context):
        records = queue.SimpleQueue()
        text = io.StringIO()
        listener = QueueListener(records, logging.StreamHandler(text))
        listener.start()
        log = logger_of("app.queued", logging.INFO, QueueHandler(records))
        log.info("through a queue")
        listener.stop()
        context.set("queued", text.getvalue())
        return context

    @cloaca.task(id="subclass")
    def subclass(context):
        class Special(logging.Logger):
            def makeRecord(self, *arguments, **named):
                made.append(arguments[4])
                return super().makeRecord(*arguments, **named)

        logging.setLoggerClass(Special)
        log = logging.getLogger("app.special")
        logging.setLoggerClass(logging.Logger)
        log.info("unseen")
        log.warning("seen")
        context.set("made", made)
        return context

    @cloaca.task(id="nothing_changed", dependencies=["own_handlers", "queued", "subclass"])
    def nothing_changed(context):
        now = (ROOT.level, list(ROOT.handlers), ROOT.isEnabledFor(logging.INFO), logging.getLogRecordFactory())
        context.set("same", now == STATE)
        context.set("level", ROOT.level)
        return context
