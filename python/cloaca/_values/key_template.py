"""Templates of keys and titles: text with ``{name}`` for top-level values of a context.

``{{`` and ``}}`` are braces. The engine has the same grammar in ``src/model/wait-templates.ts``.
"""

from __future__ import annotations

import re
from typing import List, Optional, Tuple

from . import arguments
from .convert import json_text

#: One brace pair, an escaped brace, or a lone brace, which is an error.
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]").finditer

#: Pairs of a text and the name of the value after it. The last pair has no name.
Parts = List[Tuple[str, Optional[str]]]


def template(value: object, name: str) -> str:
    """Returns an argument that is a template.

    Raises:
        TypeError: The argument is not text.
        ValueError: The template is malformed, or the text cannot be stored.
    """
    text = arguments.name(value, name)
    try:
        parse_template(text)
    except ValueError as error:
        raise ValueError(f"Invalid {name}: {error}") from None
    return text


def key_template(value: object, name: str) -> str:
    """Returns an argument that is the template of the key of a signal.

    Raises:
        TypeError: The argument is not text.
        ValueError: The template is malformed, its text cannot be stored, or its text is too long, whatever its values.
    """
    text = template(value, name)
    size = sum(len(before.encode()) for before, _ in parse_template(text))
    if size > arguments.MAX_KEY_BYTES:
        raise ValueError(f"Invalid {name}: the key has {size} bytes, but at most {arguments.MAX_KEY_BYTES} are allowed")
    return text


def parse_template(text: str) -> Parts:
    """Returns the parts of a template.

    Raises:
        ValueError: The template is malformed. The message is only the reason.
    """
    parts: Parts = []
    before, end = "", 0
    for found in _BRACES(text):
        brace, name = found.group(), found.group(1)
        before += text[end : found.start()]
        end = found.end()
        if brace in ("{{", "}}"):
            before += brace[0]
        elif name is None:
            raise ValueError(f'the template {json_text(text)} has a single "{brace}": write "{brace * 2}"')
        else:
            parts.append((before, name))
            before = ""
    return [*parts, (before + text[end:], None)]
