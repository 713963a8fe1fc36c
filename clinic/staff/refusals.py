"""Pages for what went wrong, in plain words; Django's settings and the URLs name them."""

from django.shortcuts import render

from clinic.staff.doors import way_back


def csrf_failure(request, reason=""):
    """A form from before the last sign-in. What was typed waits in the browser for the form."""
    return render(request, "staff/form_too_old.html", {"back": way_back(request)}, status=403)
