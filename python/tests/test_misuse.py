"""Every misuse that the reference names and that needs no engine: type and text of the exception."""

from __future__ import annotations

import builtins

import pytest
from cases import each, table

import cloaca

MISUSES = table("python-misuse.json")


def check(case):
    def keep(ctx):
        return ctx

    with pytest.raises(getattr(builtins, case["raises"])) as caught:
        exec(case["code"], {"cloaca": cloaca, "keep": keep})

    assert type(caught.value) is getattr(builtins, case["raises"])
    message = str(caught.value.args[0]) if caught.value.args else ""
    assert [text for text in case["text"] if text not in message] == []


@each(MISUSES["triggers"])
def test_a_misuse_of_triggers_raises(case):
    check(case)


@each(MISUSES["tasks"])
def test_a_misuse_of_tasks_and_rules_raises(case):
    check(case)


@each(MISUSES["workflows"])
def test_a_misuse_of_workflows_raises(case):
    check(case)


@each(MISUSES["context"])
def test_a_misuse_of_contexts_raises(case):
    check(case)


@each(MISUSES["runner"])
def test_a_misuse_of_runners_raises(case):
    check(case)


@each(MISUSES["graphs"])
def test_a_misuse_of_graphs_raises(case):
    check(case)


@each(MISUSES["tenants"])
def test_a_misuse_of_tenants_raises(case):
    check(case)
