"""Uses a package that was installed for the project."""

import greeting

print(greeting.greet("Ada"))
