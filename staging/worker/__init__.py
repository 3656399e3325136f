"""The parts of a worker's process that know nothing of the rows it works on.

wake       wakes workers for a step, from a request or from the step before
heartbeat  shows that this process still works, and ends it where it is stuck
stopping   ends the process within its grace period
clock      compares this machine's clock with the database's
"""
