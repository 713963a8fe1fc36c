"""The processes that `test_kill` kills: a web server and a worker, on a PostgreSQL of their own.

python -m tests.scheduling.victims prepare 3     a clinic with three approved plans, as JSON
python -m tests.scheduling.victims serve         the clinic, on a port that it prints
python -m tests.scheduling.victims work          gives back expired holds when told to on stdin
"""

import datetime as dt
import json
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django

SESSIONS = 3
EVERY = 28
TOKEN = "a" * 32  # of a form, and of its cookie


def say(words) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def prepare(plans: int) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from tests.factories import make_user
    from tests.scheduling.making import MONDAY, at, make_house, make_plan

    call_command("migrate", verbosity=0)
    house = make_house()
    browser = Client()
    browser.force_login(make_user("front_desk"))
    chosen = [house.doctor.pk, house.theatre.pk]
    told = []
    for number in range(plans):
        week, weekday = number // 25, number % 5
        first = MONDAY + dt.timedelta(days=7 * week + weekday)
        hour, minute = divmod(9 * 60 + 90 * (number // 5 % 5), 60)
        plan = make_plan(sessions=SESSIONS, starts_on=first)
        choices = [
            {
                "session": str(session.pk),
                "starts_at": at(first + dt.timedelta(days=EVERY * place), hour, minute).isoformat(),
                "resources": chosen,
            }
            for place, session in enumerate(plan.sessions)
        ]
        told.append({"plan": str(plan.pk), "choices": json.dumps(choices)})
    cookies = {
        settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value,
        settings.CSRF_COOKIE_NAME: TOKEN,
    }
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    say(json.dumps({"cookie": cookie, "plans": told}))


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def serve() -> None:
    from django.core.wsgi import get_wsgi_application

    with make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet) as server:
        say(server.server_port)
        server.serve_forever()


def work() -> None:
    from django.utils import timezone

    from clinic.scheduling import holds

    holds.held().count()  # connected
    say("ready")
    for _ in sys.stdin:
        holds.release_expired(timezone.now() + dt.timedelta(hours=1))


if __name__ == "__main__":
    django.setup()
    deed, *words = sys.argv[1:]
    {"prepare": prepare, "serve": serve, "work": work}[deed](*(int(word) for word in words))
