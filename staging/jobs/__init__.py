"""Jobs: requests for pictures of one photo, and the actions on a job afterwards.

request       a request, as the API or a page has read it
requesting    makes a job of a request and a photo, and wakes a worker
planning      decides everything that the request leaves open
recording     writes the rows of a planned job
canceling     cancels a job
repeating     buys again what failed in a job, or the whole job once more
handing_over  gives what a deactivated account has queued to another, or cancels it
judging       records verdicts, stars and notes on its pictures
"""
