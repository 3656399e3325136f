"""How gunicorn serves Restage: threads, for views that wait on the database and on files."""

worker_class = "gthread"
workers = 1
threads = 32
timeout = 60
# After SIGTERM what was taken on is answered for so long; compose.yaml waits longer.
graceful_timeout = 30
# The preview of a prompt brings somebody's own words in its address.
limit_request_line = 8190
max_requests = 20_000
max_requests_jitter = 2_000
# Nobody steers gunicorn while it runs, and several on one machine would share the socket's path.
control_socket_disable = True
# Whether the proxy's word on https is believed is TRUSTED_PROXY's to say, and Django's to do;
# gunicorn by itself would believe whoever is on the same machine.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# For whoever turns the access log on (--access-logfile -): without queries and referrers, since
# they hold what makes the address of a picture work.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms "%(a)s"'
