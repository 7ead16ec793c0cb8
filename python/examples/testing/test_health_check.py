"""Tests a trigger and its workflow without an engine or a database.

Decorators return the function unchanged, so a unit test can call it. ``cloaca.testing`` runs the whole workflow with a
fake clock, which skips waits. The tests need only Python 3.9 or newer and the package: ``pip install ./python`` or
``PYTHONPATH=python``:

    PYTHONPATH=python python3 -m unittest discover -s python/examples/testing

The same file runs in the engine's Python:

    cloaca run -m unittest discover -s python/examples/testing
"""

import importlib.util
import tempfile
import unittest
from pathlib import Path
from unittest.mock import Mock

import cloaca
from cloaca.testing import poll, run_workflow

SCRIPT = Path(__file__).parent.parent / "triggers" / "health_check.py"


def load_script():
    """Loads the script as a new module, as after a restart."""
    spec = importlib.util.spec_from_file_location("health_check", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class HealthCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.script = load_script()
        self.script.STATUS_FILE = Path(folder.name) / "status.txt"

    def check(self, status):
        self.script.STATUS_FILE.write_text(status)
        return self.script.health_check().is_fire_result()

    def test_fires_only_on_the_third_consecutive_failure(self):
        self.assertEqual([self.check("503 down") for _ in range(5)], [False, False, True, False, False])

    def test_restarts_the_count_when_the_service_recovers(self):
        statuses = ["503 down", "503 down", "200 OK", "503 down", "503 down", "503 down"]

        self.assertEqual([self.check(status) for status in statuses], [False] * 5 + [True])

    def test_the_workflow_sends_the_problem_in_the_page(self):
        for _ in range(2):
            self.check("503 down")

        pager = Mock(return_value=None)

        run = run_workflow("page_on_call", poll("health_check").context, tasks={"page": pager})

        self.assertEqual(run.status, "Completed")
        self.assertEqual(pager.call_args.args[0]["problem"], "503 down")

    def test_the_workflow_retries_a_failed_page(self):
        pager = Mock(side_effect=[ConnectionError("the pager is down"), cloaca.Context({"paged": True})])

        run = run_workflow("page_on_call", {"failures": 3, "problem": "503 down"}, tasks={"page": pager})

        self.assertEqual(run.tasks["page"].attempted_at, (0, 1))
        self.assertEqual(run.final_context["paged"], True)


if __name__ == "__main__":
    unittest.main()
