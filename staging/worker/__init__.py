"""The parts of a worker's process, which know nothing of what it works on.

wake    wakes workers for a step, from a request or from the step before
"""
