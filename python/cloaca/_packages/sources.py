"""Sources of wheels in addition to pip's index: Pyodide's own builds, and wheels for Linux without their native files.

pip's resolver makes the decisions. For each requirement it gets the files of its index, with these changes. For a
package with native code, Pyodide's build replaces them, unless another version is requested. For any other package,
Pyodide's build is added if it is newer than all suitable files. If no file is suitable, wheels are added whose native
files are removed at installation. ``command`` uses this module.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, Iterator, List

from . import native_free
from .distribution.lock import Lock, canonical
from .distribution.mirror import Mirror, Refused
from .pip_modules import pip_module, replace
from .pip_network import Connection, mount


class Sources:
    """Sources of one command of pip."""

    def __init__(self, lock: Lock, mirror: Mirror) -> None:
        self._lock = lock
        self._mirror = mirror
        #: Files of the index that do not run here, by package and file name.
        self.unfit: Dict[str, Dict[str, Any]] = {}
        #: Newest version in the index that Pyodide's build replaces, by package.
        self.newer_on_index: Dict[str, Any] = {}
        #: Wheels whose native files are removed, by file name.
        self._native_free: Dict[str, str] = {}
        self._results: Dict[Any, Any] = {}
        #: Names and versions of packages that were installed without their native files.
        self.without_native_files: List[str] = []

    def connect(self) -> None:
        """Makes pip use the sources."""
        finder = pip_module("_internal.index.package_finder").PackageFinder
        wheel = pip_module("_internal.models.wheel").Wheel
        candidate = pip_module("_internal.resolution.resolvelib.candidates")._InstallRequirementBackedCandidate
        replace(finder, "get_install_candidate", self._get_install_candidate)
        replace(finder, "find_best_candidate", self._find_best_candidate)
        replace(wheel, "supported", self._supported)
        replace(wheel, "find_most_preferred_tag", self._find_most_preferred_tag)
        replace(candidate, "iter_dependencies", self._iter_dependencies)
        replace(pip_module("_internal.operations.install.wheel"), "install_wheel", self._install_wheel)

    def _get_install_candidate(self, original: Any) -> Any:
        """Records the files that do not run here."""

        def get_install_candidate(finder: Any, link_evaluator: Any, link: Any) -> Any:
            found = original(finder, link_evaluator, link)
            name = link_evaluator._canonical_name
            if found is None and not link.is_yanked and _is_file_of(link.filename, name):
                self.unfit.setdefault(name, {})[link.filename] = link
            return found

        return get_install_candidate

    def _find_best_candidate(self, original: Any) -> Any:
        def find_best_candidate(finder: Any, project_name: str, specifier: Any = None, hashes: Any = None) -> Any:
            key = (id(finder), project_name, specifier, hashes)
            if key not in self._results:
                result = original(finder, project_name, specifier, hashes)
                self._results[key] = self._with_others(finder, project_name, specifier, hashes, result)
            return self._results[key]

        return find_best_candidate

    def _with_others(self, finder: Any, name: str, specifier: Any, hashes: Any, result: Any) -> Any:
        evaluator = finder.make_candidate_evaluator(name, specifier=specifier, hashes=hashes)
        found = self._builds(finder, name, specifier, result)
        alone = evaluator.compute_best_candidate(found)
        if self._is_native(name) and is_found(alone):
            # A wheel of the index would replace native code that was built for this version of Pyodide.
            self._note_newer(name, result, alone)
            return alone
        if found:
            result = evaluator.compute_best_candidate([*found, *result.all_candidates])
        found = self._wheels_for_linux(finder, name, specifier, result)
        return evaluator.compute_best_candidate([*found, *result.all_candidates]) if found else result

    def _is_native(self, name: str) -> bool:
        build = self._lock.wheel(name)
        return build is not None and build.is_native

    def _note_newer(self, name: str, of_index: Any, build: Any) -> None:
        if is_found(of_index) and of_index.best_candidate.version > build.best_candidate.version:
            self.newer_on_index[canonical(name)] = of_index.best_candidate.version

    def _builds(self, finder: Any, name: str, specifier: Any, result: Any) -> List[Any]:
        """Returns Pyodide's build of a package if it is requested, and native or newer than other suitable files."""
        build = self._lock.wheel(name)
        if build is None or not (finder.index_urls or os.environ.get("CLOACA_PYODIDE_MIRROR")):
            return []
        if specifier is not None and not specifier.contains(build.version, prereleases=True):
            return []
        version = pip_module("_vendor.packaging.version").Version(build.version)
        if not build.is_native and is_found(result) and result.best_candidate.version >= version:
            return []
        session = finder._link_collector.session
        connection = Connection(session)
        if not self._mirror.has(build, connection.ask):
            return []
        url = self._mirror.url(build)
        if self._mirror.is_folder:
            try:
                path = self._mirror.file(build, connection.open)
            except Refused as error:
                raise pip_module("_internal.exceptions").InstallationError(str(error)) from None
            url = pip_module("_internal.utils.urls").path_to_url(path)
        else:
            mount(session, self._mirror, self._lock)
        link = pip_module("_internal.models.link").Link(f"{url}#sha256={build.sha256}", comes_from=self._mirror.address)
        return list(finder.evaluate_links(finder.make_link_evaluator(name), [link]))

    def _wheels_for_linux(self, finder: Any, name: str, specifier: Any, result: Any) -> List[Any]:
        """Returns wheels that work without their native files, one for each version, if no other file is suitable."""
        if is_found(result):
            return []
        versions: Dict[str, List[str]] = {}
        for file_name in self.unfit.get(canonical(name), {}):
            if not file_name.endswith(".whl"):
                continue
            versions.setdefault(file_name.split("-")[1], []).append(file_name)
        version_of = pip_module("_vendor.packaging.version").Version
        python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
        links = []
        for version, file_names in versions.items():
            chosen = native_free.preferred(file_names, python)
            if chosen is None or not native_free.is_known(canonical(name), version_of(version), version_of):
                continue
            self._native_free[chosen] = f"{canonical(name)} {version}"
            links.append(self.unfit[canonical(name)][chosen])
        return list(finder.evaluate_links(finder.make_link_evaluator(name), links))

    def _supported(self, original: Any) -> Any:
        return lambda wheel, tags: wheel.filename in self._native_free or original(wheel, tags)

    def _find_most_preferred_tag(self, original: Any) -> Any:
        def find_most_preferred_tag(wheel: Any, tags: List[Any], priorities: Any) -> int:
            return len(tags) if wheel.filename in self._native_free else original(wheel, tags, priorities)

        return find_most_preferred_tag

    def _iter_dependencies(self, original: Any) -> Any:
        """Adds dependencies of Pyodide's builds from the lock that their own metadata does not name."""

        def iter_dependencies(candidate: Any, with_requires: bool) -> Iterator[Any]:
            yield from original(candidate, with_requires)
            build = self._lock.of_file(candidate.source_link.filename) if candidate.source_link else None
            if build is None or not with_requires or not self._is_from_mirror(candidate.source_link):
                return
            own = {canonical(each.name) for each in candidate.dist.iter_dependencies()}
            for each in self._lock.packages_of(build):
                if each.name not in own:
                    yield from candidate._factory.make_requirements_from_spec(each.name, candidate._ireq)

        return iter_dependencies

    def _is_from_mirror(self, link: Any) -> bool:
        if self._mirror.is_folder:
            return bool(link.is_file) and os.path.dirname(link.file_path) == self._mirror.address
        return bool(link.url_without_fragment.startswith(f"{self._mirror.address}/"))

    def _install_wheel(self, original: Any) -> Any:
        def install_wheel(name: str, wheel_path: str, scheme: Any, *rest: Any, **options: Any) -> None:
            original(name, wheel_path, scheme, *rest, **options)
            file_name = os.path.basename(wheel_path)
            if file_name not in self._native_free:
                return
            for folder in {scheme.platlib, scheme.purelib}:
                native_free.remove_native_files(folder, name)
            self.without_native_files.append(self._native_free[file_name])

        return install_wheel


def is_found(result: Any) -> bool:
    """Returns whether there is a candidate that pip would install. It installs withdrawn versions only by number."""
    return any(not each.link.is_yanked for each in result.applicable_candidates)


def _is_file_of(file_name: str, name: str) -> bool:
    """Returns whether a file is a wheel or source archive of a package. A folder of files can have others too."""
    return file_name.endswith((".whl", ".tar.gz", ".zip")) and canonical(file_name).startswith(f"{name}-")
