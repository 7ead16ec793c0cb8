"""Tasks with endless recursion in Python, C and JavaScript, and a trigger whose state must survive them."""

import copy
import json
import pickle
import sys
import xml.etree.ElementTree as ElementTree

import cloaca

polls = 0


@cloaca.trigger("remembering", poll_interval="1h")
def counts():
    global polls
    polls += 1
    return cloaca.TriggerResult.fire(cloaca.Context({"polls": polls}))


def nested(depth, wrap=lambda inner: [inner]):
    value = wrap(())
    for _ in range(depth):
        value = wrap(value)
    return value


class Shows:
    def __repr__(self):
        return repr([self])


class Key:
    def __hash__(self):
        return hash((self,))


class Equal:
    def __eq__(self, other):
        return [self] == [other]


class Calls:
    pass


Calls.__call__ = Calls()


def deep_classes():
    classes = (int,)
    for _ in range(100_000):
        classes = (classes,)
    return isinstance("", classes)


def chained_maps():
    chain = iter([1])
    for _ in range(20_000):
        chain = map(abs, chain)
    return next(chain)


def sorts(item):
    return sorted([item], key=sorts)


def in_javascript():
    import js

    js.eval("(function again() { again() })()")


def xml(depth):
    return ElementTree.fromstring("<a>" * depth + "</a>" * depth)


RECURSIONS = {
    "json.loads, 20 KB": lambda: json.loads("[" * 20_000),
    "json.loads, 1 MB": lambda: json.loads("[" * 1_000_000),
    "json.loads, objects": lambda: json.loads('{"a":' * 200_000),
    "json.dumps": lambda: json.dumps(nested(100_000)),
    "repr": lambda: repr(nested(300_000)),
    "==": lambda: nested(300_000) == nested(300_000),
    "pickle": lambda: pickle.dumps(nested(50_000)),
    "deepcopy": lambda: copy.deepcopy(nested(50_000)),
    "xml": lambda: ElementTree.tostring(xml(50_000)),
    "xml, deepcopy": lambda: copy.deepcopy(xml(50_000)),
    "compile, parentheses": lambda: compile("(" * 50_000, "x", "eval"),
    "compile, signs": lambda: compile("-" * 50_000 + "1", "x", "eval"),
    "compile, attributes": lambda: compile("x" + ".a" * 50_000, "x", "eval"),
    "isinstance": deep_classes,
    "map": chained_maps,
    "__repr__": lambda: repr(Shows()),
    "__hash__": lambda: {Key(): 1},
    "__eq__": lambda: Equal() == Equal(),
    "__call__": lambda: Calls()(),
    "a key of sorted": lambda: sorts(1),
    "JavaScript": in_javascript,
}


def end_of(recursion):
    try:
        recursion()
    except Exception as error:
        return type(error).__name__
    return "ok"


with cloaca.WorkflowBuilder("recursing"):

    @cloaca.task()
    def recurse(context):
        for name, recursion in RECURSIONS.items():
            context.set(name, end_of(recursion))
        return context

    @cloaca.task()
    def recurse_without_python_limit(context):
        sys.setrecursionlimit(1_000_000)
        try:
            for name, recursion in RECURSIONS.items():
                context.set(name, end_of(recursion))
        finally:
            sys.setrecursionlimit(1000)
        return context


with cloaca.WorkflowBuilder("remembering"):

    @cloaca.task()
    def remember(context):
        context.set("remembered", polls)
        return context
