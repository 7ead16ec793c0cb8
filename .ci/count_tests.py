"""Prints how many tests passed and failed, from vitest's JSON or from JUnit XML; then what failed, and why. Skipped tests are neither."""

import json
import sys
from xml.etree import ElementTree


def read_vitest(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    failed = []
    for tests in report["testResults"]:
        failed += [
            f"{tests['name']}: {test['fullName']}: {reason(test['failureMessages'])}"
            for test in tests["assertionResults"]
            if test["status"] == "failed"
        ]
        # A file that cannot be loaded has no tests that could fail.
        if tests["status"] == "failed" and not tests["assertionResults"]:
            failed.append(f"{tests['name']}: {reason([tests.get('message', '')])}")
    return report["numPassedTests"], failed


MOST_LINES = 40
MOST_CHARACTERS_A_LINE = 300


def reason(messages):
    """What may be seen once only is kept: the message with what it lists, without the end of a very long one, and without stacks."""
    lines = [line for line in "\n".join(messages).strip().splitlines() if not line.startswith("    at ")]
    return "\n    ".join(line[:MOST_CHARACTERS_A_LINE] for line in lines[:MOST_LINES])


def read_junit(path):
    passed, failed = 0, []
    for case in ElementTree.parse(path).iter("testcase"):
        outcomes = {child.tag: child for child in case}
        wrong = outcomes.get("failure", outcomes.get("error"))
        if wrong is not None:
            failed.append(
                f"{case.get('classname')}: {case.get('name')}: {reason([wrong.get('message') or ''])}"
            )
        elif "skipped" not in outcomes:
            passed += 1
    return passed, failed


if __name__ == "__main__":
    path = sys.argv[1]
    passed, failed = (read_vitest if path.endswith(".json") else read_junit)(path)
    print(passed, len(failed))
    for line in failed:
        print(line)
