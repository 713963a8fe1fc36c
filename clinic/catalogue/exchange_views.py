"""Take tables out of the catalogue and bring them back into the draft."""

import hashlib

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.catalogue import documents, exchange, exchange_files
from clinic.catalogue.models import Version

KEPT_SECONDS = 60 * 60  # a file waits so long for its confirmation
DRAFT = "draft"
KINDS = {"csv": "CSV", "xlsx": "XLSX"}


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="A table as .csv or .xlsx, or the whole catalogue as .yaml; up to 8 MB.",
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty. Choose one that was exported here and edited.",
        },
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.yaml,.yml"}),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > exchange_files.LARGEST:
            most = exchange_files.LARGEST // exchange_files.MB
            raise forms.ValidationError(f"The file is over {most} MB. Split the table.")
        return file


@require_http_methods(["GET", "POST"])
def exchange_page(request):
    form = UploadForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return _page(request, form)
    file = form.cleaned_data["file"]
    data = file.read()
    try:
        report = exchange.examine(file.name, data)
    except exchange_files.FileRefused as refusal:
        form.add_error("file", str(refusal))
        return _page(request, form)
    _keep(request, file.name, data)
    return _page(request, UploadForm(), report)


def _page(request, form, report=None, status=200):
    if (form.is_bound and not form.is_valid()) or (report and not report.sound):
        status = 422
    versions, of = Version.objects.defer("document"), request.GET.get("of", "")
    known = of.isdecimal() and versions.filter(number=int(of)).exists()
    context = {
        "form": form,
        "report": report,
        "of": int(of) if known else DRAFT,
        "versions": versions.order_by("-number"),
        "tables": exchange.all_tables().values(),
        "kinds": KINDS,
    }
    return render(request, "catalogue/exchange.html", context, status=status)


def _key(request, digest: str) -> str:
    return f"catalogue-import-{request.user.pk}-{digest}"


def _keep(request, name: str, data: bytes):
    cache.set(_key(request, hashlib.sha256(data).hexdigest()), (name, data), KEPT_SECONDS)


@require_POST
def exchange_confirm(request):
    shown = request.POST.get("shown", "")
    kept = cache.get(_key(request, shown.partition(".")[0]))
    if kept is None:
        messages.error(request, "This file is not kept any more. Choose it once more.")
        return redirect("catalogue:exchange")
    name, data = kept
    try:
        report = exchange.apply(name, data, shown=shown)
    except exchange.DraftMoved as moved:
        messages.error(request, str(moved))
        return _page(request, UploadForm(), exchange.examine(name, data), status=409)
    cache.delete(_key(request, shown.partition(".")[0]))
    messages.success(request, f"{_done(report.counts)} The draft holds it; nothing is published.")
    return redirect("catalogue:exchange")


def _done(counts: dict) -> str:
    told = [f"{counts[kind]} {kind}" for kind in ("new", "changed", "removed") if counts[kind]]
    return f"Imported: {', '.join(told)}." if told else "Nothing differed."


@require_GET
def export(request, of, name, kind):
    document = _document(of)
    if kind == "yaml" and name == "catalogue":
        data = exchange_files.write_catalogue(document)
    elif kind in KINDS and name in exchange.all_tables():
        try:
            data = exchange_files.write_table(exchange.all_tables()[name], document, kind)
        except exchange_files.FileRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("catalogue:exchange")
    else:
        raise Http404("There is no such table.")
    told = DRAFT if of == DRAFT else f"version-{of}"
    response = HttpResponse(data, content_type=exchange_files.TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}-{told}.{kind}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _document(of: str) -> dict:
    if of == DRAFT:
        return documents.draft()
    if not of.isdecimal():
        raise Http404("A version is a number.")
    return get_object_or_404(Version, number=int(of)).document
