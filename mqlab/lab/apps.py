"""The Django app `lab`."""

from django.apps import AppConfig


class LabConfig(AppConfig):
    """Recordings and the pages on which they run."""

    name = "mqlab.lab"
    label = "lab"
    default_auto_field = "django.db.models.BigAutoField"
