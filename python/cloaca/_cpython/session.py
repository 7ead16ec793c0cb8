"""Session of a process of CPython with the engine: receives messages, does the work, and sends answers.

The twin of ``src/interpreter/interpreter-session.ts``, with the same messages. Each load, poll, task and program that
arrives is answered exactly once. ``child`` uses it in a process that the engine has started.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import signal
import threading
from typing import Any, Callable, Dict, List, NoReturn, Optional, Set, Tuple

from .._border import bridge, calls, host, outcome, stacks, start_limit
from .._border.calls import Awaiting
from .._border.generation import PROGRAM, Generation, begin, drop, generations, polled
from .._border.outcome import SKIPPED
from .._border.stacks import Stack
from .._declarations import ledger
from .._engine import accumulate, attempt, finish, graphs, loading, poll, state
from .._engine.packages import advice
from .border import EngineBorder, OutputBorder
from .calls import limits, threads, waits
from .calls.async_calls import AsyncCalls
from .calls.entries import Call, Entries, Stopped
from .calls.limits import CallThread
from .calls.run_limit import RunLimit
from .calls.waits import Stop, Wait
from .channel import lines
from .channel.resources import Resources
from .output import streams
from .output.speaker import Speaker

_SKIPS_AT_ONCE = 256
_LAST_WORDS_WITHIN_S = 2.0


class Session:
    """Session of one process. ``to_engine`` are open lines on which only ``hello`` was sent."""

    def __init__(self, to_engine: lines.Lines, start: Dict[str, Any]) -> None:
        self._lines = to_engine
        ceilings = start["ceilings"]
        self._speaker = Speaker(to_engine, start["logLimits"], start["isProgram"], start["output"])
        self._speaker.failed_calls = {"call": self._call_too_large, "loaded": self._load_too_large}
        self._entries = Entries(self._poll, self._polls_made, self.not_started, ceilings["threads"])
        self._async = AsyncCalls(self._entries, self.ended, self._say_skipped, self._acknowledge, self.notice)
        self._run_limit = RunLimit(self._lease_ended, to_engine, start["addonPath"])
        self._watch_resources(ceilings)
        self._replies: Dict[int, Tuple[Wait, int, str]] = {}
        self._numbers = itertools.count(1)
        #: Tokens of the loads in progress.
        self._loading: Set[int] = set()
        self._border = EngineBorder(self)
        self._connect()

    def _watch_resources(self, ceilings: Dict[str, Any]) -> None:
        Resources(self._lines, ceilings)

    def _connect(self) -> None:
        host.connect_process(self._border, OutputBorder(self._speaker))  # type: ignore[arg-type]
        threads.connect()
        bridge.connect_threads(self._ask, self._send_declarations)
        waits.replace_sleep(limits.begin_sleep, limits.end_sleep)
        waits.replace_waiters(limits.waiter_of_caller)
        advice.is_wanted = False
        from .._logs import logging_module

        logging_module.prepare()
        streams.serve(self._speaker.printed)
        os.register_at_fork(after_in_child=_forget_engine)
        self._replace_exit()
        self._replace_abort()

    def _replace_abort(self) -> None:
        """Makes ``os.abort`` send all earlier output to the engine first."""
        end = os.abort

        def abort() -> NoReturn:
            if host.is_connected:
                is_sent = threading.Event()
                self._speaker.finish(is_sent.set)
                is_sent.wait(_LAST_WORDS_WITHIN_S)
            end()

        abort.__doc__ = end.__doc__
        os.abort = abort

    def _replace_exit(self) -> None:
        """Makes ``os._exit`` report to the engine which call ends the process, after all earlier output was sent."""
        leave = os._exit

        def _exit(status: int) -> NoReturn:
            if host.is_connected:
                is_told = threading.Event()
                message = f"a script ended the process with code {status & 0xFF}"
                fatal = {"type": "fatal", "message": message, "token": calls.current_token()}

                def tell() -> None:
                    self._lines.send(fatal)
                    is_told.set()

                self._speaker.finish(tell)
                is_told.wait(_LAST_WORDS_WITHIN_S)
            leave(status)

        _exit.__doc__ = leave.__doc__
        os._exit = _exit

    def serve(self) -> None:
        """Serves the requests of the engine on the calling thread, which is the main thread. Never returns."""
        self._speaker.say({"type": "ready", "isFromSnapshot": False, "notice": None})
        self._entries.serve_main()

    # ------------------------------------------------------------------------------------------------ messages come in

    def receive(self, message: Dict[str, Any]) -> None:
        """Handles a message. Called by the thread that reads messages."""
        handle: Optional[Callable[[Dict[str, Any]], None]] = getattr(self, f"_on_{message['type']}", None)
        if handle is None:
            raise ValueError(f'Unknown message type: "{message["type"]}".')
        handle(message)

    def controlled(self, operation: int, argument: int) -> None:
        """Handles a control record. Called by the thread that reads them."""
        if operation == lines.INTERRUPT:
            token = argument if argument < 1 << 31 else (1 << 32) - argument
            if not self._async.stop_again(token):
                self._entries.stop_again(token)
            self._lines.report(lines.RUNNING_TOKEN, token)
        elif operation == lines.RAISE:
            self._raise(argument)
        elif operation in (lines.RUN_UNTIL, lines.RUN_FREELY):
            self._run_limit.controlled(operation, argument)

    def _raise(self, number: int) -> None:
        """Raises a signal that the engine has received, for the script's handler or for python's default action."""
        self._speaker.say({"type": "tookSignals"})
        try:
            signal.pthread_kill(threading.main_thread().ident or 0, number)
        except (OSError, ValueError):
            return  # no such signal here

    def _on_load(self, message: Dict[str, Any]) -> None:
        token = message["token"]
        generation = begin(message["generation"])
        self._loading.add(token)
        script, target = message["script"], message["target"]

        def ended(result: Any) -> None:
            if isinstance(result, Stopped):
                result = (loading.fault_of(result.error), [])
            fault, files = result
            self._loading.discard(token)
            answer = {
                "declarations": ledger.take_pending_of(generation),
                "twins": generation.twins,
                "files": files,
                "fault": fault,
                "requirements": None,
            }
            self._speaker.say({"type": "loaded", "token": token, "resultJson": json.dumps(answer)})

        call = Call(token, generation, lambda: loading.load(script, target, generation), ended, stacks.NO_CALL)
        self._entries.add(call)

    def _on_unload(self, message: Dict[str, Any]) -> None:
        drop(message["generation"])
        self._async.end(message["generation"])

    def _on_takeState(self, message: Dict[str, Any]) -> None:
        self._exchange_state(message, state.take)

    def _on_giveState(self, message: Dict[str, Any]) -> None:
        self._exchange_state(message, state.give, message["stateJson"])

    def _exchange_state(self, message: Dict[str, Any], function: Callable[..., str], *arguments: str) -> None:
        generation = generations.get(message["generation"])

        def ended(result: Any) -> None:
            text = state.not_exchanged(result.error) if isinstance(result, Stopped) else result
            self._speaker.say({"type": "state", "token": message["token"], "stateJson": text})

        exchange = functools.partial(function, generation, *arguments)
        self._entries.add(Call(message["token"], generation, exchange, ended, stacks.NO_CALL))

    def _on_polls(self, message: Dict[str, Any]) -> None:
        start_before = start_limit.in_seconds(message["startBefore"])
        self._entries.add_polls(message["tokens"], message["triggers"], start_before, message["isAgain"])

    def _on_statePolls(self, message: Dict[str, Any]) -> None:
        start_before = start_limit.in_seconds(message["startBefore"])
        poll.limit_states(message["maxStateBytes"])
        states = message["statesText"].split("\0")
        self._entries.add_polls(message["tokens"], message["triggers"], start_before, message["isAgain"], states)

    def _on_task(self, message: Dict[str, Any]) -> None:
        token, workflow, task, text = (message[each] for each in ("token", "workflow", "taskId", "inputText"))
        if message["isLimited"]:
            self._run_limit.begin(token)
        self._speaker.put(self._speaker.attempt_begins, token, message["executionId"], task)
        self._add(message, lambda _: attempt.run(workflow, task, text, token), lambda outcome: outcome)

    def _on_events(self, message: Dict[str, Any]) -> None:
        batch = accumulate.Accumulation(message["source"], message["mode"], message["eventsText"])
        self._add(message, batch.begin, batch.stopped)

    def _on_graphs(self, message: Dict[str, Any]) -> None:
        batch = graphs.GraphRuns(json.dumps(message["graphs"]), message["payloadsText"])
        self._add(message, batch.begin, batch.stopped)

    def _add(
        self,
        message: Dict[str, Any],
        begin: Callable[[Optional[Generation]], Any],
        stopped: Callable[[Any], Any],
    ) -> None:
        token, generation = message["token"], generations.get(message["generation"])
        start_before = start_limit.in_seconds(message.get("startBefore"))

        def ended(result: Any) -> None:
            if isinstance(result, Awaiting):
                try:
                    self._async.begin(token, generation or PROGRAM, result, start_before)
                    return
                except RuntimeError as error:
                    result = Stopped(error)
            self.ended(token, stopped(outcome.stopped(result.error)) if isinstance(result, Stopped) else result)

        call = Call(token, generation, lambda: begin(generation), ended, start_before=start_before)
        self._entries.add(call, message.get("isAgain", False))

    def _on_finish(self, message: Dict[str, Any]) -> None:
        def run() -> None:
            threads.enter(Stack(message["token"], PROGRAM, call=stacks.NO_CALL))
            finish.wind_up()
            finish.end_interpreter()
            self._speaker.finish(lambda: self._lines.send({"type": "finished", "token": message["token"]}))

        self._entries.add_main(run)

    def _on_reply(self, message: Dict[str, Any]) -> None:
        text = message["contextText"]
        self._settle(message["id"], ("unchanged" if text is None else "ok", message["valueJson"], text or ""))

    def _on_refusal(self, message: Dict[str, Any]) -> None:
        self._settle(message["id"], ("error", json.dumps(message["fault"]), ""))

    def _on_overdue(self, message: Dict[str, Any]) -> None:
        token = message["token"]
        self._lines.send({"type": "acknowledged", "token": token})
        self._stop(token, Stop(message["reason"], message["isCancelled"]))

    def _lease_ended(self, token: int) -> None:
        self._stop(token, Stop("the engine could not renew its lease in time", True))

    def _stop(self, token: int, stop: Stop) -> None:
        if not self._async.stop(token, stop):
            self._entries.stop(token, stop)

    def _on_describeStacks(self, message: Dict[str, Any]) -> None:
        from . import stack_report

        self._speaker.say({"type": "stacks", "stacksJson": stack_report.report(self._entries.threads())})

    # ------------------------------------------------------------------------------------------------ outcomes of calls

    def _poll(
        self, thread: CallThread, token: int, number: int, start_before: float, state_text: Optional[str] = None
    ) -> None:
        found = polled.get(number)
        stack = Stack(token, PROGRAM if found is None else found[2])
        if state_text is None:
            result = self._entries.enter(thread, start_before, stack, poll.poll, number)
        else:
            result = self._entries.enter(thread, start_before, stack, poll.poll_with_state, number, state_text)
        if result is SKIPPED:
            thread.skipped.append(token)
            if len(thread.skipped) >= _SKIPS_AT_ONCE:
                self._polls_made(thread)
            return
        if isinstance(result, Awaiting):
            try:
                self._async.begin(token, stack.generation, result, start_before)
                return
            except RuntimeError as error:
                result = Stopped(error)
        self.ended(token, outcome.stopped(result.error) if isinstance(result, Stopped) else result)

    def _polls_made(self, thread: CallThread) -> None:
        tokens: List[int] = []
        try:
            while True:
                tokens.append(thread.skipped.popleft())
        except IndexError:
            if tokens:
                self._say_skipped(tokens)

    def _say_skipped(self, tokens: List[int]) -> None:
        self._speaker.put(self._speaker.skipped, tokens)

    def ended(self, token: int, outcome: Any) -> None:
        """Reports how a call has ended."""
        self._run_limit.ended(token)
        if outcome is SKIPPED:
            self._say_skipped([token])
        else:
            outcome.report(self._border, token)

    def outcome(self, token: int, outcome: Dict[str, Any]) -> None:
        """Sends the outcome of a poll or an attempt."""
        self._speaker.put(self._speaker.ended, token, outcome)

    def not_started(self, token: int) -> None:
        """Reports that a call was too late to be started."""
        self._run_limit.ended(token)
        self._entries.take_stop(token)
        self._speaker.put(self._speaker.not_started, token)

    def _acknowledge(self, token: int) -> None:
        self._lines.send({"type": "acknowledged", "token": token})

    # --------------------------------------------------------------------------------------------- what Python asks for

    def _ask(self, origin: int, generation: int, method: str, payload_json: str, text: str) -> Tuple[str, str, Any]:
        number, wait = next(self._numbers), Wait()
        self._replies[number] = (wait, origin, method)
        try:
            self._speaker.say(
                {
                    "type": "call",
                    "id": number,
                    "token": origin,
                    "generation": generation,
                    "method": method,
                    "payloadJson": payload_json,
                    "contextText": text,
                }
            )
            answer: Tuple[str, str, Any] = self._entries.ask(wait)
            return answer
        finally:
            self._replies.pop(number, None)

    def _settle(self, number: int, answer: Tuple[str, str, Any]) -> None:
        wait, origin, method = self._replies.pop(number, (None, 0, ""))
        if wait is None:
            return
        if method == "secret" and answer[0] != "error":
            self._speaker.divert()
            self._speaker.put(self._speaker.add_secret, origin, json.loads(answer[1])["fields"])
        wait.settle(answer)

    def announce(self) -> None:
        """Schedules the sending of a declaration before the next message.

        Declarations of a load are sent with its result.
        """
        if stacks.current().origin not in self._loading:
            self._speaker.put(self._flush_declarations)

    def _send_declarations(self) -> None:
        """Sends the declarations before everything that is submitted from now on."""
        if ledger.has_pending():
            self._speaker.put(self._flush_declarations)

    def _flush_declarations(self) -> None:
        for number, declarations in ledger.take_pending():
            self._speaker.declared(number, json.dumps(declarations))

    def notice(self, message: str) -> None:
        """Sends one line for the log."""
        self._speaker.say({"type": "notice", "message": message})

    def answered(self, token: int, message: Dict[str, Any]) -> None:
        """Sends the results of events or graphs."""
        self._speaker.put(self._speaker.answered, token, message)

    def _call_too_large(self, message: Dict[str, Any], error: Exception) -> None:
        self._settle(message["id"], ("error", json.dumps({"type": "OverflowError", "message": str(error)}), ""))

    def _load_too_large(self, message: Dict[str, Any], error: Exception) -> None:
        fault = {"type": "OverflowError", "message": str(error), "traceback": "", "place": None}
        result: Dict[str, Any] = {"declarations": [], "twins": [], "files": [], "fault": fault, "requirements": None}
        self._lines.send({**message, "resultJson": json.dumps(result)})


def _forget_engine() -> None:
    """Disconnects a forked child from the engine, and restores its output."""
    host.disconnect()
    streams.restore()
