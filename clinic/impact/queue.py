"""What waits for the worker. A job is written with the rows that it is about."""

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

PREVIEW = "impact.preview"


def carry_out(preview_id) -> None:
    try:
        with transaction.atomic():
            task = app.configure_task(PREVIEW, queueing_lock=f"preview-{preview_id}")
            task.defer(preview=str(preview_id))
    except AlreadyEnqueued:
        return
