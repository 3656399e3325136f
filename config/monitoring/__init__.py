"""Addresses that supervisors and Prometheus ask, answered before any view.

liveness   `/livez`: this process answers
readiness  `/readyz`, `/readyz/workers`: this installation can work
metrics    `/metrics`: figures of the whole installation
"""
