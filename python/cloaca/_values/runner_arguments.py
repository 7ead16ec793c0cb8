"""Checks of arguments that several methods of a runner share."""

from __future__ import annotations

from typing import Dict, Optional

from . import arguments


def enabled_flag(value: Optional[bool]) -> bool:
    """Returns whether only enabled entries are listed. Default: False."""
    return arguments.optional_flag(value, "enabled_only") is True


def optional_key(value: Optional[str]) -> Optional[str]:
    """Returns the key of a start, or None."""
    return None if value is None else arguments.key(value, "key")


def tenant_name(value: Optional[str]) -> str:
    """Returns the name of a tenant. Default: "public"."""
    name = arguments.optional_name(value, "tenant")
    return "public" if name is None else name


def subscription(reactor: str, workflow: str, tenant: Optional[str]) -> Dict[str, str]:
    """Returns the names of a subscription to a reactor."""
    return {
        "reactor": arguments.name(reactor, "reactor"),
        "workflow": arguments.name(workflow, "workflow"),
        "tenant": tenant_name(tenant),
    }


def page(limit: Optional[int], offset: Optional[int]) -> Dict[str, int]:
    """Returns the length of a page and the number of skipped entries. Default: 100 and 0."""
    most, skipped = arguments.optional_unsigned(limit, "limit"), arguments.optional_unsigned(offset, "offset")
    return {"limit": 100 if most is None else most, "offset": 0 if skipped is None else skipped}
