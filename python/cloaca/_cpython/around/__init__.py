"""Process of a program that has started the engine as a child: the engine's command, its process and its messages."""
