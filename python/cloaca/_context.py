"""`Context`, the bag of JSON values that runs carry, and the environment variables `var` and `var_or`.

A context that arrives as text stays text until somebody looks into it, and one that nobody changed is handed on as
the text it came with: contexts may be megabytes, and most tasks touch a few keys.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Optional, final

from ._border import secrets
from ._sealed import Sealed, new
from ._values import arguments
from ._values.convert import add_place, copy_of, json_text, key_of, stored, stored_object
from ._values.json import parse_object

_MISSING: Any = object()

#: The key under which names of secrets are kept by the names that parameters gave them.
_ALIASES = "__cloacina_secret_refs__"


@final
class Context(Sealed):
    """A string-keyed bag of JSON values: what a run starts with, what each task is handed, what a result holds.

    Values are copied on their way in and out, so that changing your own list or dict never changes the stored one:
    to alter a nested value, read it, edit it and `set` it back. Stored are None, bool, int (64 bits), finite float,
    str, lists (from list, tuple, set, frozenset, range) and dicts with str keys (from mappings and dataclass
    instances). NaN and the infinities become None. Anything else raises TypeError.

    Args:
        data: The first content. None stands for no content.

    Raises:
        TypeError: ``data`` is no dict, a key is no str, or a value has no JSON form.

    Example:
        >>> ctx = Context({"n": 1})
        >>> ctx.set("names", ["Ada"])
        >>> ctx["names"]
        ['Ada']
        >>> ctx
        Context({"n":1,"names":["Ada"]})
    """

    # At least one of the two is present. Both: the text is that of the values.
    __slots__ = ("_values", "_json")

    _values: Optional[Dict[str, Any]]
    _json: Optional[str]

    def __init__(self, data: Optional[Dict[str, Any]] = None) -> None:
        if data is None:
            self._values = {}
        elif isinstance(data, dict):
            self._values = stored_object(data)
        else:
            arguments.refuse(data, "data", "dict")
        self._json = None

    @staticmethod
    def from_json(json_str: str) -> Context:
        """Makes a context of the text of a JSON object.

        Integers beyond 64 bits are read as floats.

        Args:
            json_str: The JSON text.

        Raises:
            ValueError: The text is not JSON, or not an object ("Failed to deserialize from JSON").
        """
        return _of_values(parse_object(arguments.any_text(json_str, "json_str")))

    @staticmethod
    def _from_text(text: str) -> Context:
        """A context of text that the engine or this class wrote: it is trusted, and parsed when needed."""
        context = new(Context)
        context._values = None
        context._json = text
        return context

    def _text(self) -> str:
        """The JSON text, made at most once between two changes."""
        if self._json is None:
            self._json = json_text(self._values)
        return self._json

    def _read(self) -> Dict[str, Any]:
        """The values, to look at."""
        values = self._values
        if values is None:
            self._values = values = json.loads(self._json or "{}")
        return values

    def _write(self) -> Dict[str, Any]:
        """The values, to change: the text is no longer theirs."""
        values = self._read()
        self._json = None
        return values

    def get(self, key: str, default: Any = None) -> Any:
        """Returns a fresh copy of the value of ``key``, or ``default`` when there is no such key.

        A key that holds None yields None, not ``default``.
        """
        value = self._read().get(key if type(key) is str and key.isascii() else key_of(key), _MISSING)
        return default if value is _MISSING else copy_of(value)

    def set(self, key: str, value: Any) -> None:
        """Stores a copy of ``value`` under ``key``, whether the key exists or not."""
        try:
            name, copy = key_of(key), stored(value, 1)
        except TypeError as error:
            add_place(error, key)
            raise
        self._write()[name] = copy

    def insert(self, key: str, value: Any) -> None:
        """Stores ``value`` under a new key.

        Raises:
            ValueError: The key exists ("Key already exists").
        """
        try:
            name, copy = key_of(key), stored(value, 1)
        except TypeError as error:
            add_place(error, key)
            raise
        if name in self._read():
            raise ValueError(f"Key already exists: {name}")
        self._write()[name] = copy

    def update(self, key: str, value: Any) -> None:
        """Replaces the value of an existing key.

        Raises:
            KeyError: There is no such key ("Key not found").
        """
        try:
            name, copy = key_of(key), stored(value, 1)
        except TypeError as error:
            add_place(error, key)
            raise
        if name not in self._read():
            raise KeyError(f"Key not found: {name}")
        self._write()[name] = copy

    def remove(self, key: str) -> Any:
        """Removes ``key`` and returns its old value; returns None when there is no such key."""
        name = key_of(key)
        return self._write().pop(name) if name in self._read() else None

    def to_dict(self) -> Dict[str, Any]:
        """Returns the content as a plain dict that shares nothing with the context."""
        copy: Dict[str, Any] = copy_of(self._read())
        return copy

    def update_from_dict(self, d: Dict[str, Any]) -> None:
        """Stores every item of ``d``: existing keys are overwritten as a whole, the others are kept.

        Raises:
            TypeError: ``d`` is no dict, or holds what a context cannot; then nothing is changed.
        """
        if not isinstance(d, dict):
            arguments.refuse(d, "d", "dict")
        copy = stored_object(d)
        self._write().update(copy)

    def to_json(self) -> str:
        """Returns the content as compact JSON text."""
        return self._text()

    def secret(self, name: str) -> Dict[str, str]:
        """Returns all fields of a secret. Values never enter the context's data, its JSON or storage.

        Args:
            name: Name of the secret, or an alias that the parameters of an instance gave one (``{"$secret": …}``).

        Raises:
            RuntimeError: This run has no secrets backend ("secrets backend not configured"), or it failed.
            KeyError: There is no such secret ("secret not found").
            PermissionError: The workflow may not have it ("secret not granted").
        """
        text = arguments.text(name, "name")
        aliases = self._read().get(_ALIASES)
        if type(aliases) is dict and type(aliases.get(text)) is str:
            text = aliases[text]
        return secrets.fields_of(text)

    def secret_field(self, name: str, field: str) -> str:
        """Returns one field of a secret.

        Args:
            name: As `secret` has it.
            field: Name of the field.

        Raises:
            KeyError: There is no such secret, or it has no such field.
            RuntimeError: As `secret` does.
            PermissionError: As `secret` does.
        """
        field_name = arguments.text(field, "field")
        fields = self.secret(name)
        if field_name not in fields:
            raise KeyError(f"secret '{name}' has no field '{field_name}'")
        return fields[field_name]

    def __len__(self) -> int:
        return len(self._read())

    def __contains__(self, key: object) -> bool:
        return key_of(key) in self._read()

    def __getitem__(self, key: str) -> Any:
        value = self._read().get(key if type(key) is str and key.isascii() else key_of(key), _MISSING)
        if value is _MISSING:
            raise KeyError(f"Key not found: '{key}'")
        return copy_of(value)

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)

    def __delitem__(self, key: str) -> None:
        name = key_of(key)
        if name not in self._read():
            raise KeyError(f"Key not found: '{name}'")
        del self._write()[name]

    # Without these, Python would iterate by calling [] with 0, 1, 2 …
    __iter__ = None
    __reversed__ = None

    def __repr__(self) -> str:
        return f"Context({self._text()})"


def _of_values(values: Dict[str, Any]) -> Context:
    context = new(Context)
    context._values = values
    context._json = None
    return context


def var(name: str) -> str:
    """Returns the environment variable ``CLOACINA_VAR_<name>``, read at this moment.

    Args:
        name: The rest of the variable's name, used verbatim.

    Raises:
        KeyError: The variable is not set. One that is set to the empty string counts as set.
    """
    key = f"CLOACINA_VAR_{arguments.text(name, 'name')}"
    value = os.environ.get(key)
    if value is None:
        raise KeyError(f"required variable '{name}' not set (expected env var {key})")
    return value


def var_or(name: str, default: str) -> str:
    """Returns the environment variable ``CLOACINA_VAR_<name>``, or ``default`` when it is not set.

    Args:
        name: The rest of the variable's name, used verbatim.
        default: What to return for a variable that is not set.
    """
    fallback = arguments.text(default, "default")
    return os.environ.get(f"CLOACINA_VAR_{arguments.text(name, 'name')}", fallback)
