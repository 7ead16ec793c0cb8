"""Types of arguments and results of the API, in every process. They have no effect at run time."""
