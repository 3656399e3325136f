"""Letting go: of jobs, photos, batches and projects, with their files.

deleting  what a person deletes
pruning   what is kept no longer
removal   the rows that go with a row
"""
