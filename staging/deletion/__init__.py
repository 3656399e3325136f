"""Deletion of jobs, photos, batches and projects, with their files.

deleting  a person deletes a job, a photo or a project
pruning   old rows go when RETENTION_DAYS are over
orphans   files that no row names
listing   stored files, one after the other
removal   a row goes with the rows and files that belong to it
"""
