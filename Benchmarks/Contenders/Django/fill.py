"""Makes the database: fill.py JOBS-FILE PASSWORD LOAD-USERS OTHER-USERS."""

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
password = make_password(sys.argv[2])
names = [*jobs]
names += [f"load-{number}" for number in range(int(sys.argv[3]))]
names += [f"user-{number}" for number in range(int(sys.argv[4]))]
User.objects.bulk_create(
    (User(username=name, password=password) for name in names), batch_size=1000
)
Job.objects.bulk_create(Job(**job) for owned in jobs.values() for job in owned)
