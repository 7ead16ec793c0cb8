"""``contextvars``: separate values in threads and asyncio tasks."""

import asyncio
import contextvars
import threading
import time
from typing import List

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def in_new_context(function: object) -> object:
    return contextvars.Context().run(function)  # type: ignore[arg-type]


def test_threads_do_not_see_context_variables_set_in_other_threads() -> None:
    seen: List[str] = []

    def work(value: str) -> None:
        seen.append(variable.get())
        variable.set(value)
        time.sleep(0.002)
        seen.append(variable.get())

    threads = [threading.Thread(target=in_new_context, args=(lambda value=value: work(value),)) for value in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == ["a", "b", "unset", "unset"]


def test_asyncio_tasks_have_copies_of_context_variables_and_to_thread_passes_them_on() -> None:
    async def child() -> str:
        before = variable.get()
        variable.set("child")
        await asyncio.sleep(0)
        return before + variable.get()

    async def main() -> List[str]:
        variable.set("main")
        children = await asyncio.gather(child(), child())
        return [*children, variable.get(), await asyncio.to_thread(variable.get)]

    assert in_new_context(lambda: asyncio.run(main())) == ["mainchild", "mainchild", "main", "main"]


def test_reset_restores_the_previous_value() -> None:
    def work() -> None:
        token = variable.set("new")
        assert variable.get() == "new"
        variable.reset(token)
        assert variable.get() == "unset"

    in_new_context(work)
