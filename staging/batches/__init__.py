"""Batches: many photos by one or several styles.

requesting   files are stored as they came, and the batch is recorded
archives     ZIPs of photos
preparation  a worker makes photos and jobs of them
progress     how far a batch is
"""
