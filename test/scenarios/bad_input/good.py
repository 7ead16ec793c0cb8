import cloaca


@cloaca.trigger(workflow="greet", poll_interval="1h")
def greeter():
    return cloaca.TriggerResult.fire(cloaca.Context({"who": "Ada"}))


with cloaca.WorkflowBuilder("greet"):

    @cloaca.task()
    def greet(context):
        context.set("line", f"hello {context['who']}")
        return context
