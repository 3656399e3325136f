"""The prompt library: rooms, styles, and the rules of a prompt.

reading   what can be asked for, and its prompt
changing  every change of a row, with its author and reason
"""
