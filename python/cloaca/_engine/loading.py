"""Loads one script: a file or a module, anew each time, with the helpers of the user's that it imports.

Called by ``entry`` on a stack of the new generation. What was there before stays as it is until the new one is good:
when a loading fails, ``sys.modules`` is as it was.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any, Dict, List, Optional, Tuple

from .._border import fault
from .._border.generation import Generation
from . import program

#: By script: the modules of the user's that its newest good generation has, by name.
_modules_of: Dict[str, Dict[str, ModuleType]] = {}


def load(script: str, target: Dict[str, str], generation: Generation) -> Optional[Dict[str, Any]]:
    """Runs the module of a script. Returns what is wrong with it, as data, or None."""
    before = dict(sys.modules)
    for name, module in _modules_of.get(script, {}).items():
        if sys.modules.get(name) is module:
            del sys.modules[name]
    try:
        name, place = _name_and_place(target)
        generation.module = _run(name, place)
    except BaseException as error:
        _restore(before)
        if not isinstance(error, (Exception, SystemExit)):
            raise
        return fault_of(error)
    _modules_of[script] = _users_modules(generation.module, before)
    return None


def fault_of(error: BaseException) -> Dict[str, Any]:
    """What is wrong with a script, as data."""
    return {
        "type": type(error).__name__,
        "message": error.msg if isinstance(error, SyntaxError) else str(error),
        "traceback": program.format_user_traceback(error),
        "place": program.place_of(error),
    }


def files_of(script: str) -> List[str]:
    """The files of the user's of which a script is made: its own and those of its helpers."""
    files = {getattr(module, "__file__", None) for module in _modules_of.get(script, {}).values()}
    return sorted(file for file in files if file)


def forget(script: str) -> None:
    """The script is not served any more."""
    _modules_of.pop(script, None)


def take_state(generation: Generation) -> Dict[str, Any]:
    """The globals that a module names in ``__cloaca_state__``: values that are JSON, and the names of the others."""
    values: Dict[str, Any] = {}
    others: List[str] = []
    for name in _state_names(generation):
        value = getattr(generation.module, name, None)
        if _is_json(value):
            values[name] = value
        else:
            others.append(name)
    return {"values": values, "others": others}


def give_state(generation: Generation, values: Dict[str, Any]) -> None:
    """Sets those of the values that the module names, too."""
    for name in _state_names(generation):
        if name in values:
            setattr(generation.module, name, values[name])


def _state_names(generation: Generation) -> List[str]:
    names = getattr(generation.module, "__cloaca_state__", ())
    return [name for name in names if isinstance(name, str)] if isinstance(names, (list, tuple)) else []


def _is_json(value: Any) -> bool:
    """Whether a value comes back from JSON as the same value of the same type."""
    if type(value) is dict:
        return all(type(key) is str and _is_json(each) for key, each in value.items())
    if type(value) is list:
        return all(_is_json(each) for each in value)
    if type(value) is float:
        return value == value and value not in (float("inf"), float("-inf"))
    return value is None or type(value) in (str, int, bool)


def _name_and_place(target: Dict[str, str]) -> Tuple[str, Optional[str]]:
    """The name under which the module is imported, and its file; None: where python finds it."""
    if target["kind"] == "module":
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())  # as ``python -m`` does
        return target["name"], None
    path = target["path"]
    folder, stem = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    parts, root = [stem], folder
    while os.path.isfile(os.path.join(root, "__init__.py")):
        parts.insert(0, os.path.basename(root))
        root = os.path.dirname(root)
    for place in (folder, root):  # its neighbours are importable, and so is its package
        if place not in sys.path:
            sys.path.insert(0, place)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) or stem, path


def _run(name: str, path: Optional[str]) -> ModuleType:
    parent, _, stem = name.rpartition(".")
    package = importlib.import_module(parent) if parent else None
    if path is not None and name in sys.modules and getattr(sys.modules[name], "__file__", None) != path:
        name = f"{name}@{path}"  # another folder's file of that name, or a module of the standard library
    sys.modules.pop(name, None)
    module = importlib.import_module(name) if path is None else _run_file(name, path)
    if package is not None:
        setattr(package, stem, module)
    return module


def _run_file(name: str, path: str) -> ModuleType:
    is_package = os.path.basename(path) == "__init__.py"
    search = [os.path.dirname(path)] if is_package else None
    spec: Any = importlib.util.spec_from_file_location(name, path, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file: its name does not end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return sys.modules.get(name, module)


def _restore(before: Dict[str, ModuleType]) -> None:
    for name in [each for each in sys.modules if each not in before and _is_users(sys.modules[each])]:
        del sys.modules[name]
    sys.modules.update(before)


def _users_modules(module: ModuleType, before: Dict[str, ModuleType]) -> Dict[str, ModuleType]:
    """A script's module, those that came with it, and those that it uses and another script had imported."""
    names = {id(each): name for name, each in list(sys.modules.items())}
    found = {id(module): module}
    for name, each in list(sys.modules.items()):
        if before.get(name) is not each and _is_users(each):
            found[id(each)] = each
    todo = list(found.values())
    while todo:
        for value in list(vars(todo.pop()).values()):
            used = value if isinstance(value, ModuleType) else sys.modules.get(_module_name(value))
            if used is not None and id(used) not in found and id(used) in names and _is_users(used):
                found[id(used)] = used
                todo.append(used)
    return {names[key]: each for key, each in found.items() if key in names}


def _module_name(value: Any) -> str:
    name = getattr(value, "__module__", None) if callable(value) else None
    return name if isinstance(name, str) else ""


def _is_users(module: Any) -> bool:
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or fault.is_ours(file) or file.startswith(program._LIBRARY):
        return False
    return "site-packages" not in file and f"{os.sep}.cloaca{os.sep}packages" not in file
