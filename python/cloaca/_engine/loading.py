"""Loads one script, a file or a module, again each time, together with the user's modules that it imports.

``entry`` calls it on a stack of the new generation. The previous generation remains until the new one has been loaded.
If a load fails, ``sys.modules`` is restored. Several loads can be in progress, so each considers only its own imports.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import FunctionType, MethodType, ModuleType
from typing import Any, Callable, Dict, List, Optional, Tuple, cast

from .._border import fault, stacks
from .._border.generation import Generation
from .._border.stops import DeadlineExceeded, is_stop
from . import program
from .packages import advice, requirements

#: User modules of the newest valid generation, by script and module name.
_modules_of: Dict[str, Dict[str, ModuleType]] = {}

#: Newest valid generation by script. It can import more modules while it polls.
_newest: Dict[str, Generation] = {}

#: Seconds after a save in which a compiled file is not trusted. A second save can have the same time and size.
_SAME_SAVE_SECONDS = 2

#: Returns the module name of a class, even if its metaclass has an attribute of that name.
_MODULE_OF_CLASS = type.__dict__["__module__"].__get__


class _ImportRecorder:
    """First finder of modules. It finds none, and records which generation imports which module."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Records the name."""
        stacks.current().generation.imported.append(name)


def load(script: str, target: Dict[str, str], generation: Generation) -> Tuple[Optional[Dict[str, Any]], List[str]]:
    """Runs the module of a script. Returns its fault, or None, and the user's files that belong to it."""
    if _ImportRecorder not in sys.meta_path:
        sys.meta_path.insert(0, _ImportRecorder)
    aside = _set_aside(script)
    name, place = _name_and_place(target)
    try:
        generation.module = _run(name, place, aside, generation)
        modules = _users_modules(generation)
    except BaseException as error:
        return _failed(generation, place, aside, error)
    _newest[script], _modules_of[script] = generation, modules
    return None, sorted({*_files_of(modules), *([] if place is None else [place])})


def _failed(
    generation: Generation, place: Optional[str], aside: Dict[str, ModuleType], error: BaseException
) -> Tuple[Dict[str, Any], List[str]]:
    while True:
        try:
            files = _or_else([] if place is None else [place], _files_come_to, generation, place, error)
            _restore(generation, aside)
            return fault_of(error), files
        except DeadlineExceeded:
            continue  # an overdue load is stopped repeatedly, but it has ended and only reports the error


def unmet_requirements(target: Dict[str, str]) -> Optional[Dict[str, Any]]:
    """Returns the requirements of the requirements file next to the script that are not installed."""
    return requirements.unmet_beside(target["path"]) if target["kind"] == "file" else None


def fault_of(error: BaseException) -> Dict[str, Any]:
    """Returns the fault of a script as data. It never fails, whatever the methods of a user's exception do."""
    return {
        "type": type(error).__name__,
        "message": _or_else("<exception str() failed>", _message_of, error),
        "traceback": _or_else("", program.format_declaration_traceback, error),
        "place": _or_else(None, program.place_of, error),
    }


def _or_else(otherwise: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """Returns the result of a function, or ``otherwise`` if it raises an exception."""
    try:
        return function(*arguments)
    except BaseException as raised:
        if is_stop(raised):
            raise
        return otherwise


def _message_of(error: BaseException) -> str:
    """Returns the message in one line, with advice."""
    text = str(error.msg if isinstance(error, SyntaxError) else error)
    what_to_do = advice.advice_on(error)
    return text if what_to_do is None else f"{text}. {what_to_do}"


def _name_and_place(target: Dict[str, str]) -> Tuple[str, Optional[str]]:
    """Returns the name for the import of the module, and its file, or None if python searches it."""
    if target["kind"] == "module":
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())  # like ``python -m``
        return target["name"], None
    path = target["path"]
    folder, stem = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    parts, root = [stem.replace(".", "_")], folder  # "report.2024.py" is not a module of a package "report"
    while os.path.isfile(os.path.join(root, "__init__.py")):
        parts.insert(0, os.path.basename(root))
        root = os.path.dirname(root)
    for place in (folder, root):  # makes its neighbours and its package importable
        if place not in sys.path:
            sys.path.insert(0, place)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) or stem, path


def _set_aside(script: str) -> Dict[str, ModuleType]:
    """Removes the modules of the previous generation from ``sys.modules``, so that they are imported again."""
    modules = dict(_modules_of.get(script, {}))
    if script in _newest:
        modules.update(_imported_by(_newest[script]))
    aside = {name: module for name, module in modules.items() if sys.modules.get(name) is module}
    for name, module in aside.items():
        del sys.modules[name]
        _forget_compiled(module)
    return aside


def _forget_compiled(module: ModuleType) -> None:
    """Deletes compiled code that may be outdated, since Python compares the times of sources in whole seconds."""
    source, compiled = _file_of(module), globals_of(module).get("__cached__")
    if source is None or type(compiled) is not str:
        return
    try:
        if os.stat(compiled).st_mtime - os.stat(source).st_mtime < _SAME_SAVE_SECONDS:
            os.remove(compiled)
    except OSError:
        pass  # there is no compiled file, or it belongs to another user, who has to keep it up to date


def _run(name: str, path: Optional[str], aside: Dict[str, ModuleType], generation: Generation) -> ModuleType:
    parent, _, stem = name.rpartition(".")
    package = (importlib.import_module if path else _import_named)(parent) if parent else None
    if path is not None and name in sys.modules and _file_of(sys.modules[name]) != path:
        name = f"{name}@{path}"  # the name belongs to a file of another folder or to the standard library
    if name in sys.modules:
        aside[name] = sys.modules.pop(name)
    generation.imported.append(name)
    module = _import_named(name) if path is None else _run_file(name, path)
    if package is not None:
        setattr(package, stem, sys.modules.get(name, module))
    return module


def _import_named(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if f"{name}.".startswith(f"{error.name}."):  # not a module that it imports
            error.msg = f"no file, folder or module is named {name!r}"
        raise


def _run_file(name: str, path: str) -> ModuleType:
    is_package = os.path.basename(path) == "__init__.py"
    search = [os.path.dirname(path)] if is_package else None
    spec: Any = importlib.util.spec_from_file_location(name, path, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise ImportError(f'"{path}" is not a Python file: its name does not end in .py')
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)  # the module itself, or an object with which it replaced itself
        raise
    return module


def _restore(generation: Generation, aside: Dict[str, ModuleType]) -> None:
    """Restores ``sys.modules`` to the state before the load."""
    for name in _imported_by(generation):
        del sys.modules[name]
    for name, module in aside.items():
        if name in sys.modules:
            continue  # another script has imported it again
        sys.modules[name] = module
        parent, _, stem = name.rpartition(".")
        if parent in sys.modules:
            setattr(sys.modules[parent], stem, module)


def _imported_by(generation: Generation) -> Dict[str, ModuleType]:
    """Returns the user's modules that this generation imported first, by name."""
    modules = {name: sys.modules.get(name) for name in generation.imported}
    return {name: module for name, module in modules.items() if module is not None and _is_users(module)}


def globals_of(module: Any) -> Dict[str, Any]:
    """Returns the globals of a module, or of an object that replaces one. It runs no code of the user."""
    try:
        names = object.__getattribute__(module, "__dict__")
    except Exception:  # there is no ``__dict__``, or the class defines another attribute with that name
        return {}
    return names if type(names) is dict else {}


def _users_modules(generation: Generation) -> Dict[str, ModuleType]:
    """Returns the script's module, the modules that it imported, and those that it uses and another script imported."""
    names = {id(each): name for name, each in list(sys.modules.items())}
    found = {id(each): each for each in (generation.module, *_imported_by(generation).values())}
    todo = list(found.values())
    while todo:
        for value in list(globals_of(todo.pop()).values()):
            used = value if _is_of(value, ModuleType) else sys.modules.get(_module_name(value))
            if used is not None and id(used) not in found and id(used) in names and _is_users(used):
                found[id(used)] = used
                todo.append(used)
    return {names[key]: each for key, each in found.items() if key in names}


def _files_of(modules: Dict[str, ModuleType]) -> List[str]:
    return sorted({file for file in map(_file_of, modules.values()) if file})


def _file_of(module: Any) -> Optional[str]:
    file = globals_of(module).get("__file__")
    return file if type(file) is str else None


def _files_come_to(generation: Generation, place: Optional[str], error: BaseException) -> List[str]:
    """Returns the user's files of a failed load, including files that it searched. The mistake is in one of them."""
    files = set(_files_of(_imported_by(generation)))
    if place is not None:
        files.add(place)
    wrong = program.place_of(error)
    if wrong is not None and os.path.isfile(wrong["file"]):
        files.add(wrong["file"])
    if isinstance(error, ImportError):
        files.update(_places_of_missing(error, place))
    return sorted(files)


def _places_of_missing(error: ImportError, place: Optional[str]) -> List[str]:
    """Returns the paths where a missing module of the user would be."""
    parent, _, stem = (error.name or "").rpartition(".")
    missing = getattr(error, "name_from", None)
    if missing is not None:
        parent, stem = error.name or "", missing
    if parent:
        folders = list(globals_of(sys.modules.get(parent)).get("__path__", ()))
    else:
        folders = [os.getcwd() if place is None else os.path.dirname(place)]
    if not stem.isidentifier():
        return []
    return [os.path.join(folder, *path) for folder in folders for path in ((f"{stem}.py",), (stem, "__init__.py"))]


def _is_of(value: Any, kind: type) -> bool:
    """Returns whether a value is of a type, ignoring the ``__class__`` that a proxy pretends to have."""
    return issubclass(type(value), kind)


def _module_name(value: Any) -> str:
    """Returns the module of a class, a function or another callable, or '' for other values."""
    if not callable(value):
        return ""
    if _is_of(value, MethodType):
        value = cast(MethodType, value).__func__
    name = _MODULE_OF_CLASS(value) if _is_of(value, type) else _module_of_object(value)
    return name if type(name) is str else ""


def _module_of_object(value: Any) -> Any:
    if type(value) is FunctionType:
        return value.__module__
    return globals_of(value).get("__module__") or _MODULE_OF_CLASS(type(value))


def _is_users(module: Any) -> bool:
    file = _file_of(module)
    if file is None or fault.is_ours(file) or file.startswith(program._LIBRARY):
        return False
    return (
        "site-packages" not in file and "dist-packages" not in file and f"{os.sep}.cloaca{os.sep}packages" not in file
    )
