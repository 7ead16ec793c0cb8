import cloaca

with cloaca.WorkflowBuilder("round_trip"):

    @cloaca.task(dependencies=["back"])
    def there(context):
        return context

    @cloaca.task(dependencies=["there"])
    def back(context):
        return context
