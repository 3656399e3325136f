"""The staging API.

jobs       asking for a job, and looking at one
projects   what jobs belong to
"""
