"""A program's own process, which has started the engine as a child: the engine's command, its process, what is said."""
