"""The staging API.

jobs         asking for a job, looking at jobs, deleting one
job_actions  canceling a job, trying it again, repeating it, judging its pictures
projects     what jobs belong to
"""
