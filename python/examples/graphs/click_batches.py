"""Counts clicks in batches: many small events become one value.

Clicks are pushed one at a time. Every two seconds, or when 100 clicks are queued, the source calls its function with
the queued clicks and delivers the result. The graph runs once per batch.

Run the graph by itself:

    cloaca run python/examples/graphs/click_batches.py

You will see:

    4 clicks of 2 visitors, most of them on /pricing
    {'clicks': 4, 'visitors': 2, 'top': '/pricing', 'share': 0.75}

If you serve the script with ``cloaca serve``, push clicks with
``cloaca source push clicks '{"page": "/", "visitor": "a"}'``.
"""

from collections import Counter

import cloaca


@cloaca.batch_accumulator(flush_interval="2s", max_buffer_size=100)
def clicks(events):
    """Counts the clicks of each page, and collects the visitors."""
    return {
        "pages": Counter(event["page"] for event in events),
        "visitors": sorted({event["visitor"] for event in events}),
    }


@cloaca.reactor(name="click_watch", accumulators=["clicks"])
class ClickWatch:
    """Fires on each batch."""


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
        # The values of the node's own inputs come first, then those of the nodes before it.
        page, count = top
        total, visitors = sum(batch["pages"].values()), len(batch["visitors"])
        print(f"{total} clicks of {visitors} visitors, most of them on {page}")
        return {"clicks": total, "visitors": visitors, "top": page, "share": count / total}


if __name__ == "__main__":
    pages = [("/", "a"), ("/pricing", "a"), ("/pricing", "b"), ("/pricing", "a")]
    batch = clicks([{"page": page, "visitor": visitor} for page, visitor in pages])
    print(click_report.execute({"clicks": batch}))
