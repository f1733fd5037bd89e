"""E-mails of the demonstration: kept as files, told on the terminal, read on a page by anybody."""

import datetime

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.urls import reverse

from config import mails

SUBJECT = "Convention ENT-École 2026-2027 : corrigée, à vérifier de nouveau par la collectivité"


def send(body, *, to="mairie@exemple.fr", html="", subject=SUBJECT):
    message = EmailMultiAlternatives(
        subject, body, to=[to], connection=get_connection("config.mails.MailFolder")
    )
    if html:
        message.attach_alternative(html, "text/html")
    assert message.send() == 1
    return mails.read(mails.names()[0])


def test_an_e_mail_is_kept_as_a_file_that_a_person_can_read(settings):
    mail = send("Bonjour,\n\nvoici l’été.\n")

    content = (settings.MAILS_DIR / f"{mail.name}.eml").read_text()
    assert "corrigée, à vérifier" in content
    assert "voici l’été." in content


def test_what_was_sent_is_read_back(settings):
    mail = send("Bonjour,\n\nvoici l’été.\n", html="<p>voici l’été</p>")

    assert mail.subject == SUBJECT
    assert mail.to == "mairie@exemple.fr"
    assert mail.sender == settings.DEFAULT_FROM_EMAIL
    assert mail.text == "Bonjour,\n\nvoici l’été.\n"
    assert mail.html == "<p>voici l’été</p>"
    assert datetime.datetime.now(datetime.UTC) - mail.sent_at < datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("body", "gist"),
    [
        ("Voici le code :\n\nABCD-1234\n\nIl est valable.", "code ABCD-1234"),
        ("Suivez ce lien :\n\nhttp://127.0.0.1:8000/a/?b=c\n", "http://127.0.0.1:8000/a/?b=c"),
        ("Rien à faire.", "Sans suite"),
    ],
)
def test_a_line_on_the_terminal_says_to_whom_and_the_code_or_the_link(caplog, body, gist):
    with caplog.at_level("INFO", logger="config.mails"):
        send(body, subject="Sans suite")

    assert caplog.messages == [f"Courriel à mairie@exemple.fr : {gist}"]


def test_the_code_by_which_people_sign_in_is_found_in_its_e_mail(
    client, settings, town_hall, delivered
):
    settings.EMAIL_BACKEND = "config.mails.MailFolder"

    client.post(reverse("account_request_login_code"), {"email": town_hall.email})
    delivered()

    kind, code = mails.read(mails.names()[0]).gist.split()
    assert kind == "code"
    response = client.post(reverse("account_confirm_login_code"), {"code": code})
    assert response.status_code == 302


def test_anybody_reads_the_e_mails_the_newest_first(client, db):
    send("un", subject="Le premier")
    newest = send("deux", subject="Le second")

    page = client.get(reverse("mails")).text

    assert page.index("Le second") < page.index("Le premier")
    assert reverse("mail", args=[newest.name]) in page


def test_the_links_of_an_e_mail_in_text_can_be_followed(client, db):
    mail = send("Suivez http://127.0.0.1:8000/ouverture/ <b>vite</b>")

    page = client.get(reverse("mail", args=[mail.name])).text

    assert '<a href="http://127.0.0.1:8000/ouverture/"' in page
    assert "&lt;b&gt;vite&lt;/b&gt;" in page


def test_html_is_shown_in_a_frame_that_may_only_be_left_by_a_click(client, db):
    mail = send("texte", html="<html><head></head><body><script>x()</script></body></html>")

    page = client.get(reverse("mail", args=[mail.name])).text
    frame = client.get(reverse("mail_html", args=[mail.name]))

    assert f'src="{reverse("mail_html", args=[mail.name])}"' in page
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = frame.headers["Content-Security-Policy"].split("; ")
    assert set(policy) == {
        "default-src 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-top-navigation-by-user-activation",
    }
    assert '<base target="_top">' in frame.text


def test_only_the_demonstration_shows_e_mails(client, db, settings):
    mail = send("secret")
    settings.DEMONSTRATION = False

    for url in (
        reverse("mails"),
        reverse("mail", args=[mail.name]),
        reverse("mail_html", args=[mail.name]),
    ):
        assert client.get(url).status_code == 404


def test_an_e_mail_that_is_not_there_is_not_found(client, db):
    assert client.get(reverse("mail", args=["2026-11-26-000000-000000-abcd"])).status_code == 404
