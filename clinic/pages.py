"""Pages over several apps: today's work, and one patient's whole chart."""

from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
def today(request):
    return render(request, "clinic/today.html", {})
