"""Money: expected costs, spending limits, and the jobs that wait for room under them.

estimating  returns the expected cost of a purchase
headroom    returns what each limit leaves, and refuses a job for which it has no room
limits      changes limits, pauses and estimates, as operators set them
waiting     finds the reasons for which jobs wait to be bought

Taking money out of the limits is part of a purchase: `predictions/reserving`.
"""
