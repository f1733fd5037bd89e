"""Entry point of the web server (gunicorn)."""

import os

from django.core.wsgi import get_wsgi_application

from jobs.processes import keep_what_is_loaded, limit_statements

# Seconds; a person has left long before, and the others wait for the database.
STATEMENT = 10

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
limit_statements(STATEMENT)
keep_what_is_loaded()
