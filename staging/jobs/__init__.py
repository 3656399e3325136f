"""Jobs: asking for pictures of a photo, and what can be done with them afterwards.

request     a wish, as a door read it
requesting  a wish and a photo become a job, and a worker is woken
planning    everything that decides the pictures, decided now
recording   the rows of a planned job
canceling   ending one
repeating   buying again what failed, or the whole once more
judging     accepting, rejecting, stars
"""
