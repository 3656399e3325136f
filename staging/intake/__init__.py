"""What comes in, for whoever brings it: a request, a worker that unpacks a batch.

photos   a file becomes a photo: checked, normalised, stored
jobs     what is asked becomes a plan, and a plan with a photo a job with its predictions
"""
