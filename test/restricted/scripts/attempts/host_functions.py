"""Attempts to misuse the functions of the host, with arguments that cloaca never passes."""

import json
import os

from attempts import border, code, refused

CONTEXT = {
    "authorities": [],
    "defaultAuthorities": "none",
    "revocations": [],
    "certificateChains": [],
    "keys": [],
    "minimumVersion": None,
    "maximumVersion": None,
    "ciphers": None,
    "curve": None,
    "dhParameters": None,
    "options": 0,
    "isPartialChainTrusted": False,
}
HANDSHAKE = {
    "isServer": False,
    "serverName": None,
    "isCertificateRequired": False,
    "isCertificateRequested": False,
    "isHostNameChecked": False,
    "isCommonNameChecked": False,
    "isContextAsked": False,
    "protocols": [],
    "session": None,
    "ticketKeys": None,
    "keyLog": None,
}
RECORD = {"at": 1, "stream": "log", "level": "INFO", "logger": "x", "message": "x", "place": "x"}
FAULT = {"type": "E", "message": "", "traceback": ""}

#: Methods of Node's datagram sockets that do not set an option.
METHODS = ("close", "bind", "connect", "send", "emit", "addListener", "ref", "constructor", "setRecvBufferSize")


def attempts(place):
    outside, writable = place.outside, place.writable
    sockets, tls, engine = border().sockets, border().tls, border().engine

    def option(name):
        number = sockets.open_datagram(False)
        return code(sockets.set_datagram_option(number, name, "message"))

    def start_tls(**settings):
        client, _ = sockets.open_pair().to_py()
        context = tls.context(json.dumps(CONTEXT))
        return tls.start(client, context, json.dumps({**HANDSHAKE, **settings}), False)

    def context_with(**settings):
        answer = tls.context(json.dumps({**CONTEXT, **settings}))
        return refused() if isinstance(answer, str) else answer

    def connect(*address):
        number = sockets.open_stream()
        sockets.connect(number, *address)
        return refused() if sockets.state(number) == "failed" else "connecting"

    def bind(host):
        number = sockets.open_stream()
        sockets.bind(number, host, 0, False, False, False)
        return refused() if sockets.state(number) == "failed" else "binding"

    def record(**facts):
        return border().output.log_record(0, json.dumps({**RECORD, **facts}))

    def watched(number):
        return border().signals.watch_signal(number, True)

    def same_event_twice():
        event = border().waits.new_event()
        sockets.resolve(event, "127.0.0.1", 4, 0)
        sockets.resolve(event, "127.0.0.2", 4, 0)

    def sql(parameters):
        number = border().sqlite.open(":memory:", False, False)
        return border().sqlite.execute(number, "SELECT 1", json.dumps(parameters), 1)

    return {
        **{f"datagram_{name}": lambda name=name: option(name) for name in METHODS},
        "option_without_text": lambda: sockets.set_datagram_option(sockets.open_datagram(False), 1, True),
        "connect_by_name": lambda: connect("localhost", place.granted_port),
        "connect_to_number": lambda: connect("2130706433", place.granted_port),
        "connect_from_name": lambda: connect("127.0.0.1", place.granted_port, "localhost", 0),
        "connect_to_port_as_text": lambda: connect("127.0.0.1", str(place.granted_port)),
        "bind_by_name": lambda: bind("localhost"),
        "names_of_name": lambda: sockets.resolve_names(border().waits.new_event(), "localhost", 80),
        "same_event_twice": same_event_twice,
        "watch_fractions": lambda: sockets.watch(border().waits.new_event(), [0.5], [1]),
        "keys_into_file": lambda: start_tls(keyLog=f"{outside}/made"),
        "keys_by_link": lambda: start_tls(keyLog=f"{writable}/dangling.txt"),
        "keys_into_descriptor": lambda: start_tls(keyLog=4),
        "handshake_in_file": lambda: start_tls(path=f"{outside}/engine.sock"),
        "handshake_with_list": lambda: start_tls(protocols={"length": 4294967295}),
        "context_with_engine": lambda: context_with(privateKeyEngine="dynamic", privateKeyIdentifier="x"),
        "context_with_client_engine": lambda: context_with(clientCertEngine=f"{outside}/library.so"),
        "context_with_authorities": lambda: context_with(authorities=[{"raw": "x"}]),
        "context_with_number": lambda: tls.context("5"),
        "sizes_as_number": lambda: engine.accumulated(0, "", "5", "[]"),
        "sizes_below": lambda: engine.accumulated(0, "", "[-9]", "[]"),
        "faults_as_object": lambda: engine.accumulated(0, "", "[]", "{}"),
        "faults_without_type": lambda: engine.accumulated(0, "", "[-2]", json.dumps([{**FAULT, "type": 1}])),
        "sizes_beyond_text": lambda: engine.accumulated(0, "1", "[2]", "[]"),
        "values_that_are_no_json": lambda: engine.accumulated(0, "no JSON", "[7]", "[]"),
        "context_that_is_no_json": lambda: engine.completed(0, "no JSON"),
        "context_that_is_a_list": lambda: engine.fired(0, "[]"),
        "firing_that_is_a_list": lambda: engine.polled(0, "[]", "[2]", "[null]", None, True, None),
        "firings_without_keys": lambda: engine.polled(0, "{}", "[2]", "[]", None, True, None),
        "firing_with_long_key": lambda: engine.polled(0, "{}", "[2]", json.dumps(["k" * 513]), None, True, None),
        "firing_with_zero_key": lambda: engine.polled(0, "{}", "[2]", json.dumps(["\0"]), None, True, None),
        "too_many_firings": lambda: engine.polled(0, "", str([-1] * 1001), json.dumps([None] * 1001), None, True, None),
        "state_that_is_a_list": lambda: engine.polled(0, "", "[]", "[]", None, False, "[]"),
        "request_with_context": lambda: engine.request(0, 0, 0, "runner.execute", "{}", "no JSON"),
        "nodes_as_list": lambda: engine.graphs_ran(0, "", "[]", "[]", "[]"),
        "declared_list": lambda: engine.declare(0, "[]"),
        "declared_text": lambda: engine.declare(0, "no JSON"),
        "unknown_outcome": lambda: engine.failed(0, "notStarted", json.dumps(FAULT)),
        "outcome_of_text": lambda: engine.skipped_because("0", None),
        "skipped_text": lambda: engine.skipped("12"),
        "request_of_number": lambda: engine.request(0, 0, 0, "secret", "5", ""),
        "record_of_number": lambda: border().output.log_record(0, "1"),
        "record_in_lines": lambda: border().output.log_record(0, json.dumps(RECORD, indent=1)),
        "record_of_cut": lambda: record(stream="cut", cutBytes=1),
        "record_without_time": lambda: record(at="1"),
        "record_with_more": lambda: record(isPart=True),
        **{f"signal_{number}": lambda number=number: watched(number) for number in (0, 9, 19, 99)},
        "kill_engine": lambda: code(border().signals.kill(os.getppid(), 15)),
        "kill_group": lambda: code(border().signals.kill(-os.getpid(), 0)),
        "unknown_timer": lambda: border().signals.set_timer("constructor", 1, 1),
        "unknown_lock": lambda: border().files.lock_records(0, "constructor", 0, 0),
        "link_out": lambda: code(border().files.link(f"{outside}/secret.txt", f"{writable}/mine.txt")),
        "link_in": lambda: code(border().files.link(f"{writable}/own.db", f"{outside}/made")),
        "pipe_out": lambda: code(border().files.make_named_pipe(f"{outside}/made", 0o600)),
        "digest_of_number": lambda: border().hashes.open(5),
        "parameters_of_number": lambda: sql(5),
        "parameters_with_objects": lambda: sql({"kinds": "s", "values": [{"a": 1}], "names": []}),
        "wait_for_number": lambda: border().waits.wait_promise(0, 5),
        "too_many_arguments": lambda: border().waits.new_event(1),
    }
