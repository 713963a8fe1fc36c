"""A clinician never waits for the page: what one logged finding costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_assessment, make_finding, make_user

pytestmark = pytest.mark.django_db


def questions_asked(client, findings):
    client.force_login(make_user())
    draft = make_assessment()
    for count in range(1, findings + 1):
        make_finding(assessment=draft, count=count)
    url = reverse("patients:log", args=[draft.pk])
    entry = {"place": "chin.M", "kind": "rolling", "count": "4"}
    client.post(url, entry, headers={"HX-Request": "true"})

    with CaptureQueriesContext(connection) as asked:
        client.post(url, entry, headers={"HX-Request": "true"})
    return len([one for one in asked if "set_config" not in one["sql"]])


def test_one_entry_asks_the_database_little_however_much_is_logged(client):
    assert questions_asked(client, findings=1) == questions_asked(client, findings=14) <= 25
