"""Batches: many photos, each staged in one or several styles.

requesting   stores the files as they came, and records the batch
archives     reads ZIPs of photos
preparation  makes photos and jobs of the files, in a worker
replacing    takes another file in the place of a refused one
telling      tells an owner that a batch is done
progress     counts the photos and jobs of a batch by status
"""
