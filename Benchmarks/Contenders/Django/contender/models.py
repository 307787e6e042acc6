from django.db import models


class Job(models.Model):
    id = models.CharField(primary_key=True, max_length=64)
    user_id = models.CharField(max_length=150, db_index=True)
    company_name = models.CharField(max_length=100)
    title = models.CharField(max_length=100)
    first_date = models.CharField(max_length=10)
    last_date = models.CharField(max_length=10, blank=True)
    skills = models.CharField(max_length=100)
    department = models.CharField(max_length=100)
    ein = models.CharField(max_length=10)
