import cloaca


@cloaca.task()
def lonely(context):
    return context
