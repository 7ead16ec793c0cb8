"""Prints the numbers of passed tests, failed tests and `expect` calls, and then each failed test with its reason.

Reads vitest's JSON or JUnit XML. Skipped tests are not counted. JUnit XML contains no number of `expect` calls.
"""

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
        # A file that could not be loaded has no tests, but is a failure.
        if tests["status"] == "failed" and not tests["assertionResults"]:
            failed.append(f"{tests['name']}: {reason([tests.get('message', '')])}")
    # `test/support/count-expects.ts` counts the `expect` calls.
    tests = [test for file in report["testResults"] for test in file["assertionResults"]]
    expects = sum(test["meta"].get("expects", 0) for test in tests)
    return report["numPassedTests"], failed, expects


MAX_LINES = 40
MAX_CHARACTERS_PER_LINE = 300


def reason(messages):
    """Returns the first lines of the messages, shortened and without stack lines."""
    lines = [line for line in "\n".join(messages).strip().splitlines() if not line.startswith("    at ")]
    return "\n    ".join(line[:MAX_CHARACTERS_PER_LINE] for line in lines[:MAX_LINES])


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
    return passed, failed, 0


if __name__ == "__main__":
    path = sys.argv[1]
    passed, failed, expects = (read_vitest if path.endswith(".json") else read_junit)(path)
    print(passed, len(failed), expects)
    for line in failed:
        print(line)
