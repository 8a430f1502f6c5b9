"""The lab of a workload on one system, as a recording: shared and frozen, one for all visitors. Who acts on it gets a copy."""

from __future__ import annotations

import hashlib

import msgspec
from django.db import transaction

from mqlab import __version__
from mqlab.engine.workload import System, Workload, lab_text, stored
from mqlab.lab.journal import write
from mqlab.lab.models import Recording


def frozen(system: System, workload: Workload) -> Recording:
    """Made once for each version of the engine and of the system."""
    text, acts = lab_text(system, workload), stored(system, workload)
    made_of = "\n".join([__version__, text, msgspec.json.encode(acts).decode()])
    name = f"cmp{hashlib.sha256(made_of.encode()).hexdigest()[:13]}"
    found = Recording.objects.filter(pk=name).first()
    if found is not None:
        return found
    with transaction.atomic():
        made, new = Recording.objects.get_or_create(
            id=name,
            defaults={
                "slug": system.id, "scenario": text, "seed": workload.seed, "owner": "", "engine": __version__, "shared": True,
                "futures": [acts[-1].id if acts else "0"],
            },
        )  # fmt: skip
        if new:
            write((name, one) for one in acts)
    return made
