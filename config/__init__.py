"""The project: settings, addresses, processes; it may import every other package.

settings, env, checks  the environment, read and checked
urls, wsgi, apps       the site
celery, worker         worker processes
http                   middleware, errors and the API's description, for all requests
monitoring             `/livez`, `/readyz`, `/metrics`
dashboard              the admin's first page and side bar
admin, management      accounts, roles and API tokens
logs, storage          log lines; photos and pictures on S3
"""

from config.celery import app as celery_app

__all__ = ["celery_app"]
