"""Opens a runner, and says what it gets for it: twice, since the first attempt leaves nothing behind."""

import cloaca

for _ in range(2):
    try:
        cloaca.DefaultRunner(":memory:")
        print("open")
    except RuntimeError as error:
        print(error)
