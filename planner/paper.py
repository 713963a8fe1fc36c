"""A page as PDF. Nothing is fetched: what it needs are our own static files, read from disk."""

import mimetypes

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.text import slugify
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

HERE = "https://clinic.invalid"
"""An address that cannot exist, so that an address relative to it is one of ours."""


class StaticFilesOnly(URLFetcher):
    """Serves static files and what is written into the page itself; refuses every other address."""

    def __init__(self):
        super().__init__(allowed_protocols=("data",), allow_redirects=False)

    def fetch(self, url, headers=None):
        if url.startswith("data:"):
            return super().fetch(url, headers)
        ours = HERE + settings.STATIC_URL
        name = url.removeprefix(ours).partition("?")[0]
        path = _on_disk(name) if url.startswith(ours) else None
        if path is None:
            raise FatalURLFetchingError(f"A document may not ask for {url}")
        with open(path, "rb") as file:
            body = file.read()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, body, {"Content-Type": kind})


def _on_disk(name: str) -> str | None:
    """Collected files first; in development, where nothing is collected, where they come from."""
    try:
        if staticfiles_storage.exists(name):
            return staticfiles_storage.path(name)
        return finders.find(name)
    except SuspiciousFileOperation:
        return None


def pdf(template: str, context: dict) -> bytes:
    page = render_to_string(template, context)
    return HTML(string=page, base_url=HERE, url_fetcher=StaticFilesOnly()).write_pdf()


def pdf_response(template: str, context: dict, *, name: str) -> HttpResponse:
    """The PDF, shown in the browser; `name` is what a saved file is called."""
    response = HttpResponse(pdf(template, context), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{slugify(name)}.pdf"'
    response["Cache-Control"] = "no-store"
    return response
