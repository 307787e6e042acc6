"""Makes the database: fill.py JOBS-FILE PASSWORD LOAD-PASSWORD LOAD-USERS OTHER-USERS."""

import json
import os
import pathlib
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "contender.settings"

import django  # noqa: E402

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402

from contender.models import Job  # noqa: E402

call_command("migrate", run_syncdb=True, verbosity=0)
jobs = json.loads(pathlib.Path(sys.argv[1]).read_text())
password, load_password = (make_password(text) for text in sys.argv[2:4])
names = [f"load-{number}" for number in range(int(sys.argv[4]))]
names += [f"user-{number}" for number in range(int(sys.argv[5]))]
users = [User(username=name, password=password) for name in jobs]
users += [User(username=name, password=load_password) for name in names]
User.objects.bulk_create(users, batch_size=1000)
Job.objects.bulk_create(Job(**job) for owned in jobs.values() for job in owned)
