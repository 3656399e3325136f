"""The addresses that the sandbox answers, a module each of what it holds, and `control`."""
