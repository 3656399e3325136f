"""Money: what purchases are expected to cost, what may be spent, and what waits for it.

estimating  what a purchase is expected to cost
headroom    what each limit leaves, and what it would refuse at once
limits      limits, pauses and estimates, as operators set them
waiting     why jobs wait to be bought

Taking money out of the limits is part of a purchase: `predictions/reserving`.
"""
