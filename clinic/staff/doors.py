"""Every page is closed unless the table DOORS says who may enter."""

from urllib.parse import urlencode, urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from clinic.staff.roles import ANY_ROLE, NOBODY, PUBLIC, door_of


def may_enter(user, url_name: str) -> bool:
    """Whether `user` may open the page; which rows they see on it is another question."""
    door = door_of(url_name)
    if door in (None, NOBODY):
        return False
    if door == PUBLIC:
        return True
    return user.is_authenticated and (door == ANY_ROLE or user.has_perm(door))


class DoorsMiddleware:
    """Judges before any view runs, so that a refusal tells nothing about what lies behind it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        url_name = request.resolver_match.view_name
        if may_enter(request.user, url_name):
            return None
        if door_of(url_name) == NOBODY:
            raise Http404
        if not request.user.is_authenticated:
            return to_sign_in(request)
        raise PermissionDenied


def to_sign_in(request):
    """A page goes to the sign-in and comes back; a part of a page says 401 and stays put."""
    return turned_away(request, reverse("account_login"))


def turned_away(request, door: str):
    if is_part(request):
        return HttpResponse("Sign in again to go on.", status=401, content_type="text/plain")
    return redirect(f"{door}?{urlencode({'next': way_back(request)})}")


def is_part(request) -> bool:
    """Whether a script asked, which cannot do anything with a whole other page."""
    return bool(request.htmx) or request.headers.get("X-Requested-With") == "fetch"


def way_back(request) -> str:
    """The page to return to: this one, or for a form that was sent the page that it stood on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}, request.is_secure()):
        parts = urlsplit(referer)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return "/"
