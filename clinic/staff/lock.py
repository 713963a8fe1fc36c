"""A session that nobody touched for a while is locked, by the server's own clock."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from clinic.staff.doors import turned_away

SEEN = "seen_at"
LOCKED = "locked"
STAMP_EVERY_SECONDS = 15  # a finer stamp would write the session on every request
HANDED_OVER = "pad"  # the tablet is in a patient's hands, where only the patient's pages open
OPEN_WHILE_LOCKED = {"staff:lock", "staff:unlock", "account_logout"}


def lock(session) -> None:
    session[LOCKED] = True


def unlock(session) -> None:
    session[LOCKED] = False
    session[SEEN] = timezone.now().timestamp()


def is_locked(session, idle_minutes: int) -> bool:
    idle = timezone.now().timestamp() - session.get(SEEN, timezone.now().timestamp())
    return session.get(LOCKED, False) or idle > idle_minutes * 60


class IdleLockMiddleware:
    """Turns a locked session away until the password is given; its pages stay in the browser.

    A request that a page makes by itself says `X-Background`, and keeps nobody awake.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        clinic = getattr(request, "clinic", None)
        request.idle_minutes = getattr(clinic, "idle_minutes", settings.IDLE_LOCK_MINUTES)
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if not request.user.is_authenticated:
            return None
        if request.resolver_match.view_name in OPEN_WHILE_LOCKED:
            return None
        if HANDED_OVER in request.session:  # taken back with a PIN, so awake until then
            stamp(request.session)
            return None
        if is_locked(request.session, request.idle_minutes):
            lock(request.session)
            return turned_away(request, reverse("staff:unlock"))
        if "X-Background" not in request.headers:
            stamp(request.session)
        return None


def stamp(session) -> None:
    now = timezone.now().timestamp()
    if now - session.get(SEEN, 0) > STAMP_EVERY_SECONDS:
        session[SEEN] = now
