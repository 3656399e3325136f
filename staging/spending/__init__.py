"""Money: what purchases are expected to cost, what may be spent, and what waits for it.

estimating  what a purchase is expected to cost
limits      limits, pauses and estimates, as operators set them
headroom    what each limit leaves
waiting     why jobs wait to be bought

Taking money out of the limits is part of a purchase: `predictions/reserving`.
"""
