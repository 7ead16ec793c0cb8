"""Tests the Python task and the trigger without an engine."""

import tempfile
import unittest
from pathlib import Path

import score  # noqa: F401  (declares the workflow)
import triggers
from cloaca.testing import poll, run_workflow


def lines(*prices):
    return {"lines": [{"sku": "tea", "price": price, "count": 1} for price in prices]}


class ScoreTest(unittest.TestCase):
    def test_a_small_order_is_safe(self):
        run = run_workflow("scoring", lines(4.5, 31.0))

        self.assertEqual(run.status, "Completed")
        self.assertEqual((run.final_context["total"], run.final_context["risk"]), (35.5, 0.0))

    def test_a_large_order_is_risky(self):
        run = run_workflow("scoring", lines(900.0))

        self.assertEqual(run.final_context["reasons"], ["the total 900.00 is large"])


class InboxTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        triggers.INBOX = Path(folder.name)

    def test_skips_without_an_order(self):
        self.assertEqual(poll("inbox").reason, "no order is waiting")

    def test_fires_for_the_order_with_the_lowest_number(self):
        for number in (12, 7):
            (triggers.INBOX / f"{number}.order").touch()

        fired = poll("inbox").context

        self.assertEqual((fired["order_id"], fired["file"]), (7, str(triggers.INBOX / "7.order")))


if __name__ == "__main__":
    unittest.main()
