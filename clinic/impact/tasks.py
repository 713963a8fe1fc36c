"""What the worker does, by the names that the queue knows."""

from procrastinate.contrib.django import app

from clinic.impact import kept, queue, review, runs


@app.task(name=queue.PREVIEW)
def preview(preview):
    runs.carry_out(preview)


@app.periodic(cron="* * * * *")
@app.task(name="impact.minute", queueing_lock="impact.minute")
def every_minute(timestamp):
    """A preview whose worker was killed goes on; a new version's signed plans are looked at."""
    runs.take_up_silent()
    review.sweep()


@app.periodic(cron="41 3 * * *")
@app.task(name="impact.night", queueing_lock="impact.night")
def every_night(timestamp):
    kept.forget_old()
