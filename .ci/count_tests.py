"""Prints how many tests passed and failed, from vitest's JSON or from JUnit XML; then what failed, a line each. Skipped tests are neither."""

import json
import sys
from xml.etree import ElementTree


def read_vitest(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    failed = []
    for tests in report["testResults"]:
        failed += [
            f"{tests['name']}: {test['fullName']}: {first_line(test['failureMessages'])}"
            for test in tests["assertionResults"]
            if test["status"] == "failed"
        ]
        # A file that cannot be loaded has no tests that could fail.
        if tests["status"] == "failed" and not tests["assertionResults"]:
            failed.append(f"{tests['name']}: {first_line([tests.get('message', '')])}")
    return report["numPassedTests"], failed


def first_line(messages):
    return " ".join(messages).strip().partition("\n")[0]


def read_junit(path):
    passed, failed = 0, []
    for case in ElementTree.parse(path).iter("testcase"):
        outcomes = {child.tag: child for child in case}
        wrong = outcomes.get("failure", outcomes.get("error"))
        if wrong is not None:
            failed.append(f"{case.get('classname')}: {case.get('name')}: {first_line([wrong.get('message') or ''])}")
        elif "skipped" not in outcomes:
            passed += 1
    return passed, failed


if __name__ == "__main__":
    path = sys.argv[1]
    passed, failed = (read_vitest if path.endswith(".json") else read_junit)(path)
    print(passed, len(failed))
    for line in failed:
        print(line)
