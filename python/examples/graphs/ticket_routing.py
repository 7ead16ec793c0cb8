"""Routes support tickets to the right desk.

Tickets are pushed to a source, which removes empty ones. A routing node then classifies each ticket. Two of its routes
lead to the same desk, and unclassified tickets go to a person. For an outage, a workflow pages the engineer on call.

Run the graph by itself:

    cloaca run python/examples/graphs/ticket_routing.py

You will see:

    ticket 1 is for on-call, now: The shop is down again
    ticket 2 is for billing: Charged twice in May
    ticket 3 is for billing: I want my money back
    ticket 4 is for people: Do you sell gift cards?

If you serve the script with ``cloaca serve``, subscribe the workflow and push tickets
(``cloaca source push tickets '{"id": 5, "text": "Checkout is down"}'``):
``runner.subscribe_workflow_to_reactor("ticket_desk", "page_on_call", when="payload.tickets.text.contains('down')")``.
"""

import cloaca

WORDS = {"outage": ("down", "error", "crash"), "refund": ("money back", "refund"), "billing": ("invoice", "charged")}


@cloaca.passthrough_accumulator
@cloaca.boundary_schema(id=int, text=str)
def tickets(event):
    """Trims the text of a ticket, and drops tickets without a text."""
    text = event.get("text", "").strip()
    return {"id": event["id"], "text": text} if text else None


@cloaca.reactor(name="ticket_desk", accumulators=["tickets"])
class TicketDesk:
    """Fires on each ticket."""


with cloaca.ComputationGraphBuilder(
    "ticket_routing",
    reactor=TicketDesk,
    graph={
        "classify": {
            "inputs": ["tickets"],
            "routes": {"outage": "on_call", "refund": "billing", "billing": "billing", "other": "people"},
        },
        "on_call": {"next": "assign"},
        "billing": {"next": "assign"},
        "people": {"next": "assign"},
        "assign": {},
    },
) as ticket_routing:

    @cloaca.node
    def classify(ticket):
        text = ticket["text"].lower()
        found = (topic for topic, words in WORDS.items() if any(word in text for word in words))
        return next(found, "other"), ticket

    @cloaca.node
    def on_call(ticket):
        return {**ticket, "desk": "on-call", "urgent": True}

    @cloaca.node
    def billing(ticket):
        return {**ticket, "desk": "billing", "urgent": False}

    @cloaca.node
    def people(ticket):
        return {**ticket, "desk": "people", "urgent": False}

    @cloaca.node
    def assign(assignment):
        when = ", now" if assignment["urgent"] else ""
        print(f"ticket {assignment['id']} is for {assignment['desk']}{when}: {assignment['text']}")
        return assignment


with cloaca.WorkflowBuilder("page_on_call") as workflow:
    workflow.description("Pages the engineer on call")

    @cloaca.task(retry_attempts=5, retry_delay_ms=1000)
    def page(ctx):
        print(f"paged: ticket {ctx['tickets']['id']}, firing {ctx['reactor_firing_id']}")
        return ctx


if __name__ == "__main__":
    texts = ["The shop is down again", " Charged twice in May", "I want my money back", "Do you sell gift cards?"]
    for number, text in enumerate(texts, 1):
        ticket_routing.execute({"tickets": tickets({"id": number, "text": text})})
