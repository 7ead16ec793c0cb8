"""Opens a runner twice, and prints each error. The first attempt must not change the second one."""

import cloaca

for _ in range(2):
    try:
        cloaca.DefaultRunner(":memory:")
        print("open")
    except RuntimeError as error:
        print(error)
