"""Script whose import takes ten minutes."""

import time

time.sleep(600)
