"""Every answer of the site to what is sent to it: axe, and no scrolling sideways.

Pages are found, not listed: by the links between those of an area, one of each kind. Each form is
sent empty or wrong, and refused; each action of a list is asked for on its rows, and says what it
would do; each import shows what a file would change. One action is done, to the page of its job.
"""

from urllib.parse import urlsplit

import pytest
from django.urls import resolve
from playwright.sync_api import Error

from accounts.roles import Role
from conventions.lifecycle import State
from rectorat.desk.menu import MENU
from tests.night import at_night

from .conftest import WIDE, assert_accessible, assert_fits
from .test_money import TITRE, request_in_a_batch

pytestmark = pytest.mark.one_database

# Of each list of the menu, and of what is beside: how many kinds of pages there are in a used
# demonstration, how many of answers. Fewer, and something is passed over.
LISTS = {
    "campaigns.campaign": (13, 5),
    "conventions.enrolment": (3, 3),
    "jobs.job": (1, 1),
    "conventions.convention": (8, 18),
    "piles.pile": (2, 1),
    "documents.document": (2, 0),
    "lifecycle.journalentry": (2, 0),
    "exchanges.notification": (2, 2),
    "schools.school": (5, 9),
    "communes.collectivity": (7, 7),
    "contacts.proposedmayor": (2, 3),
    "communes.commune": (5, 2),
    "communes.formercode": (3, 2),
    "communes.department": (2, 1),
    "communes.academy": (2, 1),
    "communes.region": (2, 1),
    "documents.textmodel": (7, 1),
    "accounts.user": (4, 4),
    "invitations.invitation": (3, 5),
    "accounts.accessentry": (2, 0),
}
# A list whose every action takes minutes: by day, `test_desk` looks at those that are most used.
MANY_ACTIONS = "/admin/conventions/convention/"
AREAS = {
    **{f"/admin/{model.replace('.', '/')}/": counts for model, counts in LISTS.items()},
    "/conventions/": (6, 4),
    "/titres/": (24, 10),
}
# At night: files of each state have pages of their own.
STATES = [f"/admin/conventions/convention/?state__in={state.value}" for state in State]
# Of a list, the first rows tell what there is to see of a row.
LIKE_THOSE_BEFORE = "#result_list tbody tr:nth-child(n+4)"
# What each import previews; a new one is to be added.
FILES = {
    "admin:schools_school_import": (
        "uai;nom;code_nature;statut;code_commune\n0341255E;Ecole Bouissinet;151;Public;34337\n"
        "0340001X;Sans clé;151;Public;34337\n"
    ),
    "admin:communes_commune_import": "code_insee;nom;departement\n34003;Agde-sur-Mer;34\n",
    "admin:communes_collectivity_import": "code_insee;telephone;email\n34003;04 67 00 00 01;x\n",
    "admin:contacts_proposedmayor_import": (
        "Code de la commune;Nom;Prénom;Date de début\n34003;PETIT;Luc;2026-03-28\n34003;X;Y;Z\n"
    ),
    "admin:invitations_invitation_import": "code;email\n34003;nouveau@exemple.invalid\n99999;x\n",
}
# Done without a question: other tests would find what these changed.
AT_ONCE = {"let_manage", "try_again"}
# Done, since it changes no file; by the worker, on a machine that does much else.
DONE, WORKED = "pieces", 180_000
FORM = "main form[method=post], #content form[method=post]"
SEND = "[type=submit], button:not([type])"
# Takes from a form what it cannot do without, and writes what cannot be in the others; false
# where it could be sent as it is. A file that is not there is missed, required or not.
SPOIL = """form => {
  const fields = [...form.elements].filter(field => !field.disabled && field.type !== "hidden");
  const needed = fields.filter(field => field.required);
  const wrong = fields.filter(field => ["date", "number", "email"].includes(field.type));
  const typed = fields.filter(field => !["submit", "button", "fieldset"].includes(field.type));
  const misses = typed.some(field => field.type === "file")
    && typed.every(field => ["file", "textarea"].includes(field.type) && !field.value);
  for (const field of needed) {
    field.checked = false;
    field.value = "";
  }
  for (const field of wrong) {
    field.type = "text";
    field.value = "x";
  }
  form.noValidate = true;
  return needed.length + wrong.length > 0 || misses;
}"""


class Visit:
    """A visit of an area: `pages` and `answers` are the kinds of what was seen, `faults` its faults."""

    def __init__(self, page, root, starts):
        self.page, self.root, self.starts = page, root, starts
        self.pages, self.answers, self.faults = set(), set(), []
        # What was written in a form and not sent is not missed.
        page.on("dialog", lambda dialog: dialog.accept())

    def go(self):
        """Open a page of each kind in the area, by the links between them, and send what it takes."""
        waiting = [*self.starts]
        while waiting:
            address = waiting.pop(0)
            kind = kind_of(address)
            if kind in self.pages or not self.open(address):
                continue
            self.pages.add(kind)
            waiting += self.links()
            self.refuse(lambda address=address: self.open(address))
            if address == self.root:
                self.ask()
            if kind[0] in FILES:
                self.preview(address)

    def open(self, address):
        """Open a page; tell whether it is one, not a file."""
        try:
            self.page.goto(address)
        except Error as error:
            if "Download is starting" not in error.message:
                raise
            return False
        return True

    def links(self):
        """Return the addresses of the area that the page leads to."""
        every = self.page.locator("a[href]").evaluate_all(
            "links => links.map(link => new URL(link.getAttribute('href'), document.URL).href)"
        )
        paths = [urlsplit(link)._replace(scheme="", netloc="", fragment="") for link in every]
        return [path.geturl() for path in paths if path.path.startswith(self.root)]

    def send(self, button, what):
        """Press a button; look at what is drawn."""
        with self.page.expect_navigation():
            button.evaluate("button => button.form.requestSubmit(button)")
        self.look(what)

    def look(self, what):
        self.answers.add((*kind_of(self.page.url), what))
        try:
            assert_accessible(self.page, without=[LIKE_THOSE_BEFORE])
            assert_fits(self.page)
        except AssertionError as fault:
            self.faults.append(f"{what}: {fault}")

    def refuse(self, again):
        """Send each form of the page empty or wrong; `again` brings the page back."""
        is_left = False
        for number in range(self.page.locator(FORM).count()):
            if is_left:
                again()
            form = self.page.locator(FORM).nth(number)
            is_left = bool(form.locator(SEND).count() and form.evaluate(SPOIL))
            if is_left:
                self.send(form.locator(SEND).first, f"refused {number}")

    def ask(self):
        """Ask the list for each of its actions, on the rows of its page; have one done."""
        self.open(self.root)
        if not self.page.locator("#action-toggle").count():
            return
        options = self.page.locator("select[name=action] option:not([value=''])")
        actions = options.evaluate_all("options => options.map(option => option.value)")
        for action in [action for action in actions if action not in AT_ONCE]:

            def asked(action=action):
                self.open(self.root)
                self.page.locator("#action-toggle").check()
                self.page.locator("select[name=action]").select_option(action)
                self.send(self.page.locator("button[name=index]"), action)

            asked()
            if action == DONE:
                self.send(self.page.locator(FORM).locator(SEND).first, f"{action} done")
                # Until then the page is drawn again every few seconds, under the eyes of axe.
                self.page.get_by_role("link", name="Rapport (CSV)").wait_for(timeout=WORKED)
                self.look(f"{action} reported")
            else:
                self.refuse(asked)

    def preview(self, address):
        """Show the import what it takes."""
        self.open(address)
        content = FILES[kind_of(address)[0]].encode()
        file = {"name": "a.csv", "mimeType": "text/csv", "buffer": content}
        self.page.locator("input[type=file]").set_input_files(file)
        self.send(self.page.get_by_role("button", name="Voir ce qui changerait"), "preview")


def kind_of(address):
    """What is seen once: an address without the numbers of its rows."""
    match = resolve(urlsplit(address).path)
    words = [str(value) for value in match.kwargs.values() if not str(value).isdecimal()]
    return match.view_name, *words


def have_a_titre(page):
    """Ask for the one that the test of money asks for, where that test has not run."""
    page.goto("/titres/?recherche=Tarbes")
    if not page.get_by_role("link", name=TITRE).count():
        request_in_a_batch(page)


def test_every_list_of_the_menu_is_visited():
    assert {model for _, lists in MENU for model, _ in lists} == LISTS.keys()


@pytest.mark.parametrize(
    "root", [*(area for area in AREAS if area != MANY_ACTIONS), *at_night(MANY_ACTIONS)]
)
def test_every_answer_of_an_area_is_accessible_and_fits(visitor, root):
    page = visitor(Role.ADMINISTRATOR, WIDE)
    if root == "/titres/":
        have_a_titre(page)
    assert_every_answer_pleases(Visit(page, root, [root]), *AREAS[root])


@pytest.mark.nightly
@pytest.mark.parametrize("start", STATES)
def test_every_answer_of_files_of_a_state_is_accessible_and_fits(visitor, start):
    root = start.partition("?")[0]
    visit = Visit(visitor(Role.ADMINISTRATOR, WIDE), root, [start])
    assert_every_answer_pleases(visit, 2, 1)


def assert_every_answer_pleases(visit, pages, answers):
    visit.go()
    assert not visit.faults, "\n\n".join(visit.faults)
    assert len(visit.pages) >= pages, visit.pages
    assert len(visit.answers) >= answers, visit.answers
