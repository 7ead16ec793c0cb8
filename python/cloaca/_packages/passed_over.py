"""Versions that pip's resolver skips because a dependency has no wheel that runs here.

pip would then install an older version, which can be ten years old and fail at its import. Therefore nothing is
installed if the newest suitable version is skipped for this reason, and the missing dependency is named. If the package
itself has newer versions without a suitable wheel, one line reports that. ``command`` uses this module.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from .distribution.lock import canonical
from .pip_modules import pip_module, replace
from .sources import Sources, is_found

#: Number of skipped versions of one package after which older ones are not tried.
_ENOUGH_VERSIONS = 20
_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")


@dataclass(frozen=True)
class Blocked:
    """Version of a package that cannot be installed, with the requirement that has no wheel."""

    candidate: Any
    requirement: str
    missing: str

    def __str__(self) -> str:
        return f"{self.candidate.project_name} {self.candidate.version} needs {self.requirement}"


class PassedOver:
    """Skipped versions of one command."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._finder: Any = None
        self.blocked: List[Blocked] = []

    @property
    def missing(self) -> List[str]:
        """Dependencies that are missing and caused versions to be skipped."""
        return list(dict.fromkeys(each.missing for each in self.blocked))

    def connect(self) -> None:
        """Makes pip's resolver report to this object."""
        reporter = pip_module("_internal.resolution.resolvelib.reporter").PipReporter
        resolver = pip_module("_internal.resolution.resolvelib.resolver").Resolver
        replace(reporter, "rejecting_candidate", self._rejecting_candidate)
        replace(resolver, "resolve", self._resolve)

    def _rejecting_candidate(self, original: Any) -> Any:
        def rejecting_candidate(reporter: Any, criterion: Any, candidate: Any) -> None:
            original(reporter, criterion, candidate)
            for information in criterion.information:
                if information.parent is candidate and self._is_without_wheel(information.requirement):
                    requirement = information.requirement
                    self.blocked.append(
                        Blocked(candidate, requirement.format_for_error(), canonical(requirement.project_name))
                    )
            passed = [each for each in self.blocked if each.candidate.project_name == candidate.project_name]
            if len(passed) >= _ENOUGH_VERSIONS:
                raise self._refusal(passed[0])

        return rejecting_candidate

    def _resolve(self, original: Any) -> Any:
        def resolve(resolver: Any, root_reqs: Any, check_supported_wheels: bool) -> Any:
            self._finder = resolver.factory._finder
            found = original(resolver, root_reqs, check_supported_wheels)
            for name, candidate in resolver._result.mapping.items():
                requirements = [each.requirement for each in resolver._result.criteria[name].information]
                self._refuse_older(candidate, requirements)
                self._mention_newer(candidate, requirements)
            return found

        return resolve

    def _refuse_older(self, chosen: Any, requirements: List[Any]) -> None:
        """Raises an error if a newer version that satisfies all requirements was skipped for a missing dependency."""
        for each in self.blocked:
            if (
                each.candidate.project_name == chosen.project_name
                and each.candidate.version > chosen.version
                and all(_is_satisfied(requirement, each.candidate) for requirement in requirements)
            ):
                raise self._refusal(each)

    def _refusal(self, blocked: Blocked) -> Exception:
        name = blocked.candidate.project_name
        oldest = min(each.candidate.version for each in self.blocked if each.candidate.project_name == name)
        return pip_module("_internal.exceptions").InstallationError(  # type: ignore[no-any-return]
            f"{blocked}, which has no wheel that runs here. No older version of {name} was installed instead. To "
            f'install an older version, request it: cloaca pip install "{name}<{oldest}".'
        )

    def _mention_newer(self, chosen: Any, requirements: List[Any]) -> None:
        """Prints one line if a newer version was skipped: no wheel of it runs here, or Pyodide did not build it."""
        kind = pip_module("_internal.resolution.resolvelib.candidates").LinkCandidate
        if not isinstance(chosen, kind) or chosen.source_link.comes_from is None:
            return  # an installed package, an extra, a folder or a file
        newer = [
            version
            for version in _versions_of(self._sources.unfit.get(canonical(chosen.project_name), {}))
            if version > chosen.version
            and (not version.is_prerelease or chosen.version.is_prerelease)
            and all(_is_wanted(requirement, version) for requirement in requirements)
        ]
        on_index = self._sources.newer_on_index.get(canonical(chosen.project_name))
        if on_index is not None and on_index > chosen.version:
            print(
                f"cloaca: Using Pyodide's build of {chosen.project_name} {chosen.version}; the index has {on_index}. "
                f'To install that version, request it: cloaca pip install "{chosen.project_name}=={on_index}".',
                file=sys.stderr,
            )
        elif newer:
            print(
                f"cloaca: Using {chosen.project_name} {chosen.version}, as {max(newer)} has no wheel that runs here.",
                file=sys.stderr,
            )

    def _is_without_wheel(self, requirement: Any) -> bool:
        """Returns whether a package has suitable versions, but no wheel of them runs here."""
        _, ireq = requirement.get_candidate_lookup()
        if ireq is None or ireq.req is None or self._finder is None:
            return False
        specifier = ireq.req.specifier
        if is_found(self._finder.find_best_candidate(ireq.req.name, specifier)):
            return False
        unfit = _versions_of(self._sources.unfit.get(canonical(ireq.req.name), {}))
        return any(specifier.contains(version, prereleases=True) for version in unfit)


def _is_satisfied(requirement: Any, candidate: Any) -> bool:
    return bool(requirement.project_name != candidate.project_name or requirement.is_satisfied_by(candidate))


def _is_wanted(requirement: Any, version: Any) -> bool:
    _, ireq = requirement.get_candidate_lookup()
    return bool(ireq is None or ireq.req is None or ireq.req.specifier.contains(version, prereleases=True))


def _versions_of(links: Dict[str, Any]) -> List[Any]:
    """Returns the versions in file names. Names without a version are left out."""
    found = []
    for file_name in links:
        parsed = _version_in(file_name)
        if parsed is not None:
            found.append(parsed)
    return found


def _version_in(file_name: str) -> Optional[Any]:
    names = pip_module("_vendor.packaging.utils")
    try:
        if file_name.endswith(".whl"):
            parts: Tuple[Any, ...] = names.parse_wheel_filename(file_name)
        elif file_name.endswith(_SUFFIXES):
            parts = names.parse_sdist_filename(file_name)
        else:
            return None
    except ValueError:
        return None
    return parts[1]
