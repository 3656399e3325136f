"""Gunicorn's settings for Restage: threads, for views that wait on the database and on files."""

worker_class = "gthread"
workers = 1
threads = 32
timeout = 60
# After SIGTERM begun requests have this long to finish; compose.yaml waits longer.
graceful_timeout = 30
# The preview of a prompt sends the user's own words in its address.
limit_request_line = 8190
max_requests = 20_000
max_requests_jitter = 2_000
# Restage does not use it, and several gunicorns on one machine would share the socket's path.
control_socket_disable = True
# Django decides, by TRUSTED_PROXY, whether to believe a proxy's header on https. Gunicorn's own
# default would believe every process of the same machine.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Used where the access log is on (--access-logfile -). It leaves out queries and referrers, since
# they hold the signatures of pictures' addresses.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms "%(a)s"'
