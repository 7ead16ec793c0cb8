import cloaca  # noqa: F401
import pandas_of_the_future  # noqa: F401
