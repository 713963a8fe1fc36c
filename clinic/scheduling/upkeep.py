"""What a worker does now and then, so that bookings keep up though nobody opens a page of them."""

from clinic.scheduling import attention, following, holds


def every_minute() -> None:
    """Give back holds that ran out; carry bookings along with revised plans."""
    holds.release_expired()
    following.follow_all()


def every_night() -> None:
    """Judge every coming procedure by the rules and answers of today."""
    attention.recheck_all()
