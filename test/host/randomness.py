"""Draws from every source of randomness that a script may use."""

import os
import random
import secrets
import tempfile
import uuid

import cloaca


@cloaca.trigger("none", poll_interval="1h")
def draw():
    return cloaca.TriggerResult.fire(
        cloaca.Context(
            {
                "random": random.random(),
                "own generator": random.Random().random(),
                "system": random.SystemRandom().random(),
                "bytes": os.urandom(8).hex(),
                "secret": secrets.token_hex(8),
                "uuid1": str(uuid.uuid1()),
                "uuid4": str(uuid.uuid4()),
                "temporary name": os.path.basename(tempfile.mktemp()),
            }
        )
    )
