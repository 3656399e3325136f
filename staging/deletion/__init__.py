"""Deletion of jobs, photos, batches and projects, with their files.

deleting  a person deletes a job, a photo or a project
pruning   old rows go when RETENTION_DAYS are over
removal   a row goes with the rows and files that belong to it
"""
