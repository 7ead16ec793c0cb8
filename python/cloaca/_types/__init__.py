"""Types of what programs hand in and get back, in every process; at run time they change and check nothing."""
