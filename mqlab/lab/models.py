"""Recordings and their commands. A command is written once and never changed; nothing is ever deleted from a
tree."""

from __future__ import annotations

import base64
import secrets

from django.db import models


def new_id() -> str:
    """80 random bits, as 16 characters a–z and 2–7: an id that is known is a permission to look."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


class Recording(models.Model):
    """`(scenario, seed, commands)` determines every event. A shared one is frozen: a visitor's first act
    copies it."""

    id = models.CharField(primary_key=True, max_length=16, default=new_id, editable=False)
    slug = models.CharField(
        max_length=64, blank=True, help_text="the gallery's name of the scenario it began from"
    )
    scenario = models.TextField()
    seed = models.BigIntegerField()
    owner = models.CharField(max_length=32, help_text="whose session may act on it")
    created = models.DateTimeField(auto_now_add=True)
    opened = models.DateTimeField(auto_now_add=True)
    engine = models.CharField(max_length=32, help_text="the engine version that made it")
    made_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    shared = models.BooleanField(default=False)
    futures = models.JSONField(
        default=list, help_text="shared: the futures it names, the one looked at first"
    )
    digests = models.JSONField(default=dict, help_text="shared: future -> digest up to 10 s, 20 s, …")

    labels = models.JSONField(default=dict, help_text="future -> the name that its owner gave it")
    notes = models.JSONField(default=list, help_text="pinned to moments: id, future, t, text, message")

    class Meta:
        indexes = [models.Index(fields=["owner", "slug"])]

    def __str__(self) -> str:
        return f"{self.slug or 'scenario'} {self.id}"


class Command(models.Model):
    """One act. Rows are in the order in which they were accepted: parents before children."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="commands")
    name = models.CharField(
        max_length=32, help_text="its id, minted by the browser; also the name of its future"
    )
    parent = models.CharField(max_length=32, help_text="0 = the bare scenario")
    t = models.BigIntegerField(help_text="virtual µs")
    i = models.IntegerField(help_text="actions of that instant before it")
    payload = models.TextField(help_text="the command as JSON")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["recording", "name"], name="command_once")]

    def __str__(self) -> str:
        return f"{self.name} at {self.t} µs"
