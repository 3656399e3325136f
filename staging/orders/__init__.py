"""Orders: what a person asks for on the Stage page, of one photo or many.

order        the photos, and how they are to be staged
forecasting  what an order comes to: pictures, dollars, models, and whether it fits
placing      makes a job or a batch of it, and asks before the same order is placed again
"""
