"""One way for every clinical table to keep its history, by triggers of the database."""

import pghistory


def tracked(**options):
    """Class decorator: keep every insert, change and deletion of the model's rows.

    The events are made anew for each model, because an event learns the fields of its model.
    """
    return pghistory.track(
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), **options
    )
