"""What people do wrong on a page is told to them, not on the terminal of who runs the site."""

from django.test import Client
from django.urls import reverse


def test_a_form_filled_in_wrongly_is_no_line(client, convention, town_hall, caplog):
    convention.send(by=None)
    client.force_login(town_hall)

    response = client.post(
        reverse(
            "convention_identity",
            args=[convention.campaign.school_year, convention.collectivity.code],
        ),
        {},
    )

    assert response.status_code == 422
    assert caplog.messages == []


def test_a_page_that_does_not_exist_is_no_line(client, db, caplog):
    assert client.get("/rien/").status_code == 404
    assert caplog.messages == []


def test_a_form_sent_from_an_old_page_is_no_line(db, caplog):
    assert Client(enforce_csrf_checks=True).post(reverse("account_login")).status_code == 403
    assert caplog.messages == []


def test_a_name_that_is_not_the_site_s_is_one_line_that_says_what_to_do(client, db, caplog):
    assert client.get("/", headers={"host": "autre.exemple:8000"}).status_code == 400
    (record,) = caplog.records
    assert record.getMessage() == (
        "Le site a été demandé sous le nom autre.exemple:8000, qui n'est pas le sien : s'il doit y "
        "répondre, ajoutez-le à ALLOWED_HOSTS."
    )
    assert record.exc_info is None
