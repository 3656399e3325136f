"""How gunicorn serves Restage: threads, for views that wait on the database and on files."""

worker_class = "gthread"
workers = 1
threads = 32
timeout = 60
max_requests = 20_000
max_requests_jitter = 2_000
# Nobody steers gunicorn while it runs, and several on one machine would share the socket's path.
control_socket_disable = True
