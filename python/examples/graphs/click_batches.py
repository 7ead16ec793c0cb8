"""Counts clicks in batches: many small events become one value.

Clicks are pushed one by one. The source gathers them, and hands on what its function makes of a batch every two
seconds, or as soon as 100 of them wait. The graph runs once for each batch.

Try the graph alone:

    cloaca run python/examples/graphs/click_batches.py

You will see:

    4 clicks of 2 visitors, most of them on /pricing
    {'clicks': 4, 'visitors': 2, 'top': '/pricing', 'share': 0.75}

Served with ``cloaca serve``, push clicks from anywhere: ``cloaca source push clicks '{"page": "/", "visitor": "a"}'``
or ``runner.push("clicks", {"page": "/", "visitor": "a"})``.
"""

from collections import Counter

import cloaca


@cloaca.batch_accumulator(flush_interval="2s", max_buffer_size=100)
def clicks(events):
    """Clicks by page, and who clicked."""
    return {
        "pages": Counter(event["page"] for event in events),
        "visitors": sorted({event["visitor"] for event in events}),
    }


@cloaca.reactor(name="click_watch", accumulators=["clicks"])
class ClickWatch:
    """Fires with each batch."""


with cloaca.ComputationGraphBuilder(
    "click_report",
    reactor=ClickWatch,
    graph={
        "top_page": {"inputs": ["clicks"], "next": "report"},
        "report": {"inputs": ["clicks"]},
    },
) as click_report:

    @cloaca.node
    def top_page(batch):
        return max(batch["pages"].items(), key=lambda item: item[1])

    @cloaca.node
    def report(batch, top):
        # First come the values of its own inputs, then those of the nodes that lead to it.
        page, count = top
        total, visitors = sum(batch["pages"].values()), len(batch["visitors"])
        print(f"{total} clicks of {visitors} visitors, most of them on {page}")
        return {"clicks": total, "visitors": visitors, "top": page, "share": count / total}


if __name__ == "__main__":
    pages = [("/", "a"), ("/pricing", "a"), ("/pricing", "b"), ("/pricing", "a")]
    batch = clicks([{"page": page, "visitor": visitor} for page, visitor in pages])
    print(click_report.execute({"clicks": batch}))
