"""Prints how many tests passed and failed, from vitest's JSON or from JUnit XML. Skipped tests are neither."""

import json
import sys
from xml.etree import ElementTree


def count_vitest(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    # A file that cannot be loaded has no tests that could fail.
    broken = sum(each["status"] == "failed" and not each["assertionResults"] for each in report["testResults"])
    return report["numPassedTests"], report["numFailedTests"] + broken


def count_junit(path):
    passed = failed = 0
    for case in ElementTree.parse(path).iter("testcase"):
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            failed += 1
        elif "skipped" not in outcomes:
            passed += 1
    return passed, failed


if __name__ == "__main__":
    path = sys.argv[1]
    print(*(count_vitest if path.endswith(".json") else count_junit)(path))
