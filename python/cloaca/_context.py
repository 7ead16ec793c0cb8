"""`Context`, the JSON data that a run passes from task to task, and the functions `var` and `var_or`.

A context can have megabytes, and most tasks use only a few keys. A context that arrives as text is therefore parsed on
the first access, and one that nobody changed is passed on as the original text.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Mapping, NoReturn, Optional, Type, final

from ._border import secrets
from ._logs import call_warnings
from ._sealed import Sealed, new
from ._values import arguments
from ._values.changed_values import first_change
from ._values.convert import add_place, changed, copy_of, json_text, key_of, stored, stored_object
from ._values.json import parse_object

_MISSING: Any = object()

#: Key that maps the aliases of secrets to the names of the secrets.
_ALIASES = "__cloacina_secret_refs__"


@final
class Context(Sealed):
    """Dictionary of JSON values with text keys.

    A run starts with a context, each task receives a context, and a result contains a context.

    Values are copied when they are stored and when they are read, so a change to your own list or dict never changes
    the stored one. To change a nested value, read it, edit it, and `set` it again. A context stores None, bool, int (64
    bits), finite float, str, lists (made from list, tuple, set, frozenset and range) and dicts with str keys (made from
    mappings and dataclass instances). NaN and the infinities become None. In a task or trigger, the first NaN, infinity
    or set causes a warning in its log. Any other value raises TypeError.

    Args:
        data: Initial content. None means an empty context.

    Raises:
        TypeError: ``data`` is not a dict, a key is not a str, or a value cannot be stored as JSON.

    Example:
        >>> ctx = Context({"n": 1})
        >>> ctx.set("names", ["Ada"])
        >>> ctx["names"]
        ['Ada']
        >>> ctx
        Context({"n":1,"names":["Ada"]})
    """

    # At least one of the two is present. If both are, the text is the JSON of the values.
    __slots__ = ("_values", "_json")

    _values: Optional[Dict[str, Any]]
    _json: Optional[str]

    def __init__(self, data: Optional[Dict[str, Any]] = None) -> None:
        if data is None:
            self._values = {}
        elif isinstance(data, dict):
            self._values = stored_object(data)
            if changed:
                _report_change(data)
        else:
            arguments.refuse(data, "data", "dict")
        self._json = None

    @staticmethod
    def from_json(json_str: str) -> Context:
        """Creates a context from the text of a JSON object.

        Integers of more than 64 bits are read as floats.

        Args:
            json_str: The JSON text.

        Raises:
            ValueError: The text is not valid JSON, or not an object ("Failed to deserialize from JSON").
        """
        return _of_values(parse_object(arguments.any_text(json_str, "json_str")))

    @staticmethod
    def _from_text(text: str) -> Context:
        """Returns a context for text that the engine or this class wrote.

        It trusts the text, and parses it when needed.
        """
        context = new(Context)
        context._values = None
        context._json = text
        return context

    def _text(self) -> str:
        """Returns the JSON text, which is serialized at most once between two changes."""
        if self._json is None:
            self._json = json_text(self._values)
        return self._json

    def _read(self) -> Dict[str, Any]:
        """Returns the values for reading."""
        values = self._values
        if values is None:
            self._values = values = json.loads(self._json or "{}")
        return values

    def _write(self) -> Dict[str, Any]:
        """Returns the values for writing, and discards the text, which no longer matches them."""
        values = self._read()
        self._json = None
        return values

    def get(self, key: str, default: Any = None) -> Any:
        """Returns a copy of the value of ``key``, or ``default`` if the key does not exist.

        A stored None is returned as None, not as ``default``.
        """
        value = self._read().get(key if type(key) is str and key.isascii() else key_of(key), _MISSING)
        return default if value is _MISSING else copy_of(value)

    def set(self, key: str, value: Any) -> None:
        """Stores a copy of ``value`` under ``key``, whether or not the key exists."""
        try:
            name, copy = key_of(key), stored(value, 1)
        except TypeError as error:
            add_place(error, key)
            raise
        if changed:
            _report_change({name: value})
        self._write()[name] = copy

    def insert(self, key: str, value: Any) -> None:
        """Stores a copy of ``value`` under a new key.

        Raises:
            ValueError: The key already exists ("Key already exists").
        """
        try:
            name, copy = key_of(key), stored(value, 1)
        except TypeError as error:
            add_place(error, key)
            raise
        if changed:
            _report_change({name: value})
        if name in self._read():
            raise ValueError(f"Key already exists: {name}")
        self._write()[name] = copy

    def update(self, key: str, value: Any) -> None:
        """Replaces the value of an existing key.

        Raises:
            KeyError: The key does not exist ("Key not found").
        """
        try:
            name, copy = key_of(key), stored(value, 1)
        except TypeError as error:
            add_place(error, key)
            raise
        if changed:
            _report_change({name: value})
        if name not in self._read():
            raise KeyError(f"Key not found: {name}")
        self._write()[name] = copy

    def remove(self, key: str) -> Any:
        """Removes ``key`` and returns its value, or returns None if the key does not exist."""
        name = key_of(key)
        return self._write().pop(name) if name in self._read() else None

    def to_dict(self) -> Dict[str, Any]:
        """Returns the content as a plain dict. Changes to the dict do not change the context."""
        copy: Dict[str, Any] = copy_of(self._read())
        return copy

    def update_from_dict(self, d: Dict[str, Any]) -> None:
        """Stores every item of ``d``.

        The values of existing keys are replaced, not merged, and all other keys are kept.

        Raises:
            TypeError: ``d`` is not a dict, or contains a value that a context cannot store. The context is then
                unchanged.
        """
        if not isinstance(d, dict):
            arguments.refuse(d, "d", "dict")
        copy = stored_object(d)
        if changed:
            _report_change(d)
        self._write().update(copy)

    def to_json(self) -> str:
        """Returns the content as compact JSON text."""
        return self._text()

    def secret(self, name: str) -> Dict[str, str]:
        """Returns all fields of a secret.

        The values never become part of the context's data or of its JSON, and the engine does not store them.

        Args:
            name: Name of the secret, or an alias that the parameters of a workflow instance define (``{"$secret":
                …}``).

        Raises:
            RuntimeError: This run has no secrets backend ("secrets backend not configured"), or the backend failed.
            KeyError: The secret does not exist ("secret not found").
            PermissionError: The workflow may not read the secret ("secret not granted").
        """
        text = arguments.text(name, "name")
        aliases = self._read().get(_ALIASES)
        if type(aliases) is dict and type(aliases.get(text)) is str:
            text = aliases[text]
        return secrets.fields_of(text)

    def secret_field(self, name: str, field: str) -> str:
        """Returns one field of a secret.

        Args:
            name: Name or alias of the secret, as for `secret`.
            field: Name of the field.

        Raises:
            KeyError: The secret does not exist, or it has no such field.
            RuntimeError: For the same reasons as `secret`.
            PermissionError: For the same reason as `secret`.
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


def _report_change(values: Mapping[str, object]) -> None:
    """Warns of the first value that is stored as another one.

    Another thread may have set ``changed``, so the values are searched again.
    """
    changed.clear()
    found = first_change(values) if call_warnings.is_due() else None
    if found is not None:
        message = 'The value of key "%s" contains %s. Later changes of values are not reported.'
        call_warnings.warn(message, *found)


def _refuse_change(context: Context) -> NoReturn:
    raise TypeError("this context is read-only. Change a copy of it: Context(context.to_dict())")


#: Class of contexts that reject changes. For type checkers, no class extends `Context`.
_ReadOnlyContext: Type[Context] = type(
    "ReadOnlyContext", (Context,), {"__slots__": (), "_write": _refuse_change}, is_own=True
)


def read_only(text: str) -> Context:
    """Returns a context that cannot be changed, for text that the engine or `Context` wrote."""
    context = new(_ReadOnlyContext)
    context._values = None
    context._json = text
    return context


def _of_values(values: Dict[str, Any]) -> Context:
    context = new(Context)
    context._values = values
    context._json = None
    return context


def var(name: str) -> str:
    """Returns the current value of the environment variable ``CLOACINA_VAR_<name>``.

    Args:
        name: Name of the variable without the prefix, with unchanged case.

    Raises:
        KeyError: The variable is not set. A variable that is set to the empty string is set.
    """
    key = f"CLOACINA_VAR_{arguments.text(name, 'name')}"
    value = os.environ.get(key)
    if value is None:
        raise KeyError(f"required variable '{name}' not set (expected env var {key})")
    return value


def var_or(name: str, default: str) -> str:
    """Returns the current value of the environment variable ``CLOACINA_VAR_<name>``, or ``default`` if it is not set.

    Args:
        name: Name of the variable without the prefix, with unchanged case.
        default: Value to return if the variable is not set.
    """
    fallback = arguments.text(default, "default")
    return os.environ.get(f"CLOACINA_VAR_{arguments.text(name, 'name')}", fallback)


def check_context(value: object, name: str) -> None:
    """Refuses an argument that is not a context."""
    if not isinstance(value, Context):
        arguments.refuse(value, name, "Context")
