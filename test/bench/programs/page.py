"""300 slow tasks in layers that print many lines, for measurements of the page."""

import time

import cloaca

with cloaca.WorkflowBuilder("wide"):

    def make(name, dependencies):
        def body(context):
            for number in range(34):
                print(name, "line", number)
            time.sleep(0.25)
            return context

        body.__name__ = name
        cloaca.task(id=name, dependencies=dependencies)(body)

    for layer in range(10):
        for index in range(30):
            before = [] if layer == 0 else [f"t{layer - 1:02}_{index:02}", f"t{layer - 1:02}_{(index + 7) % 30:02}"]
            make(f"t{layer:02}_{index:02}", before)

with cloaca.WorkflowBuilder("short"):

    @cloaca.task()
    def only(context):
        return context
