"""The parts of a worker's process, which know nothing of what it works on.

wake       wakes workers for a step, from a request or from the step before
heartbeat  tells whether anything moves in this process, and ends it where nothing does
stopping   ends it within its grace period
clock      tells whether this machine's clock can be trusted
"""
