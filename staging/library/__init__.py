"""The prompt library: rooms, styles, and the rules of a prompt.

reading   the rooms and styles that a request can name, and their prompt
changing  every change of a row, with its author and reason
"""
