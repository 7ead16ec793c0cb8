"""Masks the secrets that an execution received in the output of its calls.

The twin of ``secret-masks.ts``, ``masks.ts`` and ``secret-forms.ts``, which mask the same texts in the same way.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple
from urllib.parse import quote

_SHOWN = "***"
#: Minimum length of a masked value. Shorter values would mask half of the output, and are hardly secret.
_MIN_CHARACTERS = 6
#: Minimum length of a value for a warning. A context can contain shorter values by chance, such as a host name.
_TELLING_CHARACTERS = 12
#: Maximum number of remembered executions and attempts. An attempt that has ended can leave threads behind.
_MAX_REMEMBERED = 2_000


def forms_of(value: str) -> Set[str]:
    """Returns the texts as which a value may be printed: unchanged, by line, quoted, in URLs, and in base64."""
    texts = [text for text in [value, *(line.strip() for line in re.split(r"\r?\n", value))] if _is_long(text)]
    forms = [form for text in texts for form in (text, *_quoted(text), *_in_urls(text), *_in_base64(text))]
    return set(filter(_is_long, forms))


def _is_long(text: str) -> bool:
    return len(text) >= _MIN_CHARACTERS


def _quoted(text: str) -> List[str]:
    in_python = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    in_json = json.dumps(text, ensure_ascii=False)[1:-1]
    return [in_json, _in_ascii(in_json), in_python, in_python.replace("'", "\\'"), _in_ascii(in_python)]


def _in_ascii(text: str) -> str:
    """Escapes non-ASCII characters as ``json.dumps`` and ``ascii`` do."""
    return re.sub("[^\\x00-\\x7f]", lambda found: json.dumps(found[0])[1:-1], text)


def _in_urls(text: str) -> List[str]:
    try:
        by_python = quote(text, safe="")
    except UnicodeEncodeError:
        return []  # half of a surrogate pair
    return [quote(text, safe="!'()*"), by_python, by_python.replace("%2F", "/"), by_python.replace("%20", "+")]


def _in_base64(text: str) -> Iterator[str]:
    """Returns the base64 characters that are the same wherever the text begins in an encoded text."""
    data = text.encode(errors="replace")
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        standard = whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        yield standard
        yield standard.replace("+", "-").replace("/", "_")


class Masks:
    """Masks the values that one execution received."""

    def __init__(self) -> None:
        self._values: Set[str] = set()
        self._forms: Set[str] = set()
        self._patterns: Dict[str, Any] = {}

    def add(self, values: Iterator[str]) -> None:
        """Adds values. Values that are too short are not masked."""
        for value in values:
            if value not in self._values:
                self._values.add(value)
                self._forms |= forms_of(value)
                self._patterns.clear()

    def in_text(self, text: str) -> str:
        """Returns a text with the values masked."""
        return str(self._pattern("text").sub(_SHOWN, text)) if self._forms else text

    def in_json(self, text: str) -> str:
        """Returns JSON with the values masked in its texts. The result is valid JSON."""
        return str(self._pattern("json").sub(_hidden_in_json, text)) if self._forms else text

    def is_told(self, text: str) -> bool:
        """Returns whether JSON contains one of the values."""
        return any(
            len(value) >= _TELLING_CHARACTERS
            and (json.dumps(value)[1:-1] in text or json.dumps(value, ensure_ascii=False)[1:-1] in text)
            for value in self._values
        )

    def in_bytes(self, data: bytes, is_last: bool) -> Tuple[bytes, bytes]:
        """Returns bytes of UTF-8 that can be shown, and final bytes that could be the beginning of a masked value."""
        if not self._forms:
            return data, b""
        shown = self._pattern("bytes").sub(_SHOWN.encode(), data)
        if is_last:
            return shown, b""
        held = self._held(shown)
        return (shown, b"") if held == 0 else (shown[:-held], shown[-held:])

    def _held(self, data: bytes) -> int:
        """Returns the number of bytes at the end that could become a masked text."""
        longest = self._patterns.setdefault("longest", max(len(form.encode(errors="replace")) for form in self._forms))
        forms = self._patterns.setdefault("forms", [form.encode(errors="replace") for form in self._forms])
        starts = {form[:1] for form in forms}
        for size in range(min(longest - 1, len(data)), 0, -1):
            if data[-size : len(data) - size + 1] in starts:
                end = data[-size:]
                if any(form.startswith(end) for form in forms):
                    return size
        return 0

    def _pattern(self, kind: str) -> Any:
        if kind not in self._patterns:
            forms = sorted(self._forms, key=len, reverse=True)
            if kind == "json":
                written = {
                    json.dumps(form, ensure_ascii=is_ascii)[1:-1] for form in forms for is_ascii in (True, False)
                }
                # An escape sequence is a unit, so no match begins inside it.
                texts = "|".join(re.escape(form) for form in sorted(written, key=len, reverse=True))
                self._patterns[kind] = re.compile(rf"(?P<hidden>{texts})|\\u....|\\.", re.DOTALL)
            elif kind == "bytes":
                self._patterns[kind] = re.compile(b"|".join(re.escape(form.encode(errors="replace")) for form in forms))
            else:
                self._patterns[kind] = re.compile("|".join(map(re.escape, forms)))
        return self._patterns[kind]


def _hidden_in_json(found: Any) -> str:
    return _SHOWN if found["hidden"] is not None else str(found[0])


#: Replaces the token of an attempt for output that belongs to no call. All secrets of the process are hidden in it.
PROCESS = -1


class SecretMasks:
    """Masks of executions, by the tokens of their attempts."""

    def __init__(self) -> None:
        self._attempts: Dict[int, Tuple[str, str]] = {}
        self._by_execution: Dict[str, Masks] = {}
        self._held: Dict[Tuple[int, str], bytes] = {}
        self._of_process = Masks()

    def attempt_begins(self, token: int, execution_id: str, task_id: str) -> None:
        """Registers the start of an attempt."""
        _remember(self._attempts, token, (execution_id, task_id))

    def add(self, token: int, fields: Dict[str, str]) -> None:
        """Registers a secret that an attempt is about to receive."""
        self._of_process.add(iter(fields.values()))
        if token in self._attempts:
            execution_id = self._attempts[token][0]
            masks = self._by_execution.get(execution_id) or Masks()
            masks.add(iter(fields.values()))
            _remember(self._by_execution, execution_id, masks)

    def of(self, token: int) -> Optional[Masks]:
        """Returns the masks of an attempt, or None if there is nothing to mask."""
        if token == PROCESS:
            return self._of_process
        if not self._by_execution or token not in self._attempts:
            return None
        return self._by_execution.get(self._attempts[token][0])

    def take(self, token: int, stream: str, data: bytes) -> bytes:
        """Returns the bytes that can be shown, from new output of a call and from earlier output that was kept back."""
        masks = self.of(token)
        if masks is None:
            return data
        shown, held = masks.in_bytes(self._held.pop((token, stream), b"") + data, False)
        if held:
            self._held[token, stream] = held
        return shown

    def end(self, token: int) -> List[Tuple[str, bytes]]:
        """Ends the output of a call. Returns the bytes that were kept back, by stream."""
        rest = []
        for stream in ("stdout", "stderr"):
            held = self._held.pop((token, stream), None)
            masks = self.of(token)
            if held is not None:
                rest.append((stream, held if masks is None else masks.in_bytes(held, True)[0]))
        return rest

    def warning(self, token: int, context_text: str) -> Optional[str]:
        """Returns a warning if the context that an attempt returns contains a secret, as contexts are not masked."""
        masks = self.of(token)
        if masks is None or not masks.is_told(context_text):
            return None
        return (
            f'task "{self._attempts[token][1]}" put the value of a secret into its context, which is stored and shown. '
            "Call ctx.secret in each task that needs the secret."
        )


def _remember(known: Dict[Any, Any], key: Any, value: Any) -> None:
    """Adds an entry as the newest, and deletes the oldest if there are too many."""
    known.pop(key, None)
    known[key] = value
    if len(known) > _MAX_REMEMBERED:
        known.pop(next(iter(known)))
