"""Tests a trigger and its workflow, without an engine, a database or waiting.

Decorators return the function itself, so that a unit test calls it as any other; ``cloaca.testing`` runs the whole
workflow on a clock that jumps. With ``pip install ./python`` (or ``PYTHONPATH=python``) that needs plain Python only,
3.9 or newer:

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
    """The script as a fresh module, as after a restart."""
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

    def test_fires_on_the_third_failure_in_a_row_only(self):
        self.assertEqual([self.check("503 down") for _ in range(5)], [False, False, True, False, False])

    def test_starts_over_when_the_service_recovers(self):
        statuses = ["503 down", "503 down", "200 OK", "503 down", "503 down", "503 down"]

        self.assertEqual([self.check(status) for status in statuses], [False] * 5 + [True])

    def test_the_workflow_pages_with_the_problem(self):
        for _ in range(2):
            self.check("503 down")

        pager = Mock(return_value=None)

        run = run_workflow("page_on_call", poll("health_check").context, tasks={"page": pager})

        self.assertEqual(run.status, "Completed")
        self.assertEqual(pager.call_args.args[0]["problem"], "503 down")

    def test_a_page_that_does_not_get_through_is_sent_again(self):
        pager = Mock(side_effect=[ConnectionError("the pager is down"), cloaca.Context({"paged": True})])

        run = run_workflow("page_on_call", {"failures": 3, "problem": "503 down"}, tasks={"page": pager})

        self.assertEqual(run.tasks["page"].attempted_at, (0, 1))
        self.assertEqual(run.final_context["paged"], True)


if __name__ == "__main__":
    unittest.main()
