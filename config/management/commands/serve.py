"""The demonstration from one start of Django: made ready, served, with its worker beside it."""

import fcntl
import io
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from gunicorn.app import wsgiapp

from accounts.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_PASSWORD
from config import leftovers, listening
from config.supervision import ending_together, interrupt_when_asked_to_stop, wait_for_one
from demonstration import files as demonstration

# What the collected files are made from.
_STATIC_SOURCES = ("static", "requirements.lock", "config/apps.py")


class Refusal(Exception):
    """Why the site is not served, and what to do: a French sentence."""


class Command(BaseCommand):
    help = "Prépare le site de démonstration, puis le sert jusqu'à Ctrl-C (script/server)."
    is_in_step = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fresh",
            action="store_true",
            help="Recommence à zéro : la base, les documents et les courriels de var/ sont supprimés.",
        )

    def handle(self, *, fresh: bool, **options: Any) -> None:
        os.chdir(settings.BASE_DIR)
        interrupt_when_asked_to_stop()
        try:
            check_settings(fresh)
            with _claim_folder(fresh):
                self.prepare()
                self.serve()
        except KeyboardInterrupt:
            self.stdout.write("\nArrêté.")
        except Refusal as refusal:
            if self.is_in_step:
                self.stdout.write("")
            sys.exit(str(refusal))

    def prepare(self) -> None:
        self.begin("2/4 Base de données")
        self.end(_prepare_database())
        if demonstration.is_loaded():
            self.begin("3/4 Données de démonstration")
            self.end("en place")
        else:
            self.begin("3/4 Données de démonstration, moins d'une minute")
            self.end(_load_demonstration())

    def serve(self) -> None:
        with ending_together() as start:
            self.begin("4/4 Site")
            _collect_static_files()
            site = start(_serve)
            _wait_until_served(site)
            worker = start(_work)
            self.end("prêt")
            self.say_accounts()
            wait_for_one([site, worker])
        raise Refusal("Le site s'est arrêté de lui-même (voir plus haut) : relancez script/server.")

    def begin(self, step: str) -> None:
        self.is_in_step = True
        self.stdout.write(f"{step}… ", ending="")
        self.stdout.flush()

    def end(self, outcome: str) -> None:
        self.is_in_step = False
        self.stdout.write(outcome)
        self.stdout.flush()

    def say_accounts(self) -> None:
        width = max(len(account.email) for account in DEMONSTRATION_ACCOUNTS)
        lines = [
            f"  {account.email:<{width}}  {account.description}"
            for account in DEMONSTRATION_ACCOUNTS
        ]
        self.stdout.write(
            f"\nLe site :       {settings.SITE_URL}/\n"
            f"Ses courriels : {settings.SITE_URL}{reverse('mails')}\n"
            "Ctrl-C l'arrête.\n\n"
            f"Comptes de démonstration (mot de passe pour tous : {DEMONSTRATION_PASSWORD})"
        )
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


# --- Before anything is touched -----------------------------------------------------------------
def check_settings(fresh: bool) -> None:
    """Raise Refusal where the demonstration cannot be served, or begun again."""
    if not settings.DEMONSTRATION:
        raise Refusal(
            "SECRET_KEY ou DEMONSTRATION sont réglés pour un vrai site : script/server ne sert que "
            "la démonstration. Pour un vrai site, voyez docs/operations.md."
        )
    if set(listening.hosts()) & set(listening.EVERYWHERE) and not os.environ.get("ALLOWED_HOSTS"):
        raise Refusal(
            f"HOST={listening.hosts()[0]} répond à toutes les machines : dites aussi sous quel nom "
            "elles viendront, par exemple ALLOWED_HOSTS=192.168.1.20 (« hostname -I » le donne)."
        )
    if refusal := listening.refusal():
        raise Refusal(refusal)
    if settings.DATABASES["default"]["NAME"] == ":memory:":
        raise Refusal(
            "DATABASE_URL désigne une base en mémoire, que le site et son travail de fond ne "
            "peuvent pas partager : retirez-la, ou écrivez sqlite:////chemin/du/fichier."
        )
    if fresh and not leftovers.is_own():
        raise Refusal(
            "--fresh ne vide que var/ : videz vous-même la base que désigne DATABASE_URL."
        )


@contextmanager
def _claim_folder(fresh: bool) -> Iterator[None]:
    """Hold var/ while the site runs; with `fresh`, empty it first, unless a site runs from it."""
    settings.VAR_DIR.mkdir(exist_ok=True)
    # Held by the site's processes as well, until the last one ends.
    with (settings.VAR_DIR / "serve.lock").open("w") as lock:
        if fresh:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refusal(
                    "Le site tourne encore dans ce dossier : arrêtez-le avant de recommencer à zéro."
                ) from error
            leftovers.forget()
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


# --- Getting ready ------------------------------------------------------------------------------
def _prepare_database() -> str:
    """Bring the database up to date, an older version's set aside; return what was done."""
    _reach_database()
    aside = ""
    if not leftovers.fits():
        if not leftovers.is_own():
            raise Refusal(
                "La base que désigne DATABASE_URL vient d'une autre version du site : donnez-en "
                "une vide, ou revenez à cette version."
            )
        folder = leftovers.set_aside().relative_to(settings.BASE_DIR)
        aside = f" ; celle d'une autre version du site est mise de côté dans {folder}"
    began, state = time.monotonic(), "à jour"
    if _is_behind():
        _migrate()
        state = f"prête en {time.monotonic() - began:.0f} s"
    call_command("schedules")
    return state + aside


def _reach_database() -> None:
    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = str(error).splitlines()[0]
        if connection.vendor == "sqlite":
            message = (
                f"La base {connection.settings_dict['NAME']} ne s'ouvre pas ({reason}) : "
                "vérifiez les droits sur ce fichier et son dossier, ou retirez DATABASE_URL."
            )
        else:
            message = (
                f"PostgreSQL ne répond pas à DATABASE_URL ({reason}) : démarrez-le, ou corrigez "
                "la machine, le nom ou le mot de passe qu'elle indique."
            )
        raise Refusal(message) from error


def _is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migrate() -> None:
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise Refusal(
            f"La base de données n'a pas pu être préparée ({str(error).splitlines()[0]}) : "
            "vérifiez les droits de qui s'y connecte et la place sur le disque."
        ) from error


def _load_demonstration() -> str:
    """Load the demonstration; return what was done."""
    began = time.monotonic()
    # Apart: what a process keeps for printing must not go through a fork (documents/press.py).
    with ending_together() as start:
        load = start(lambda: call_command("demo", stdout=io.StringIO()))
        load.join()
    if load.exitcode:
        raise Refusal("Les données de démonstration n'ont pas pu être chargées (voir plus haut).")
    return f"chargées en {time.monotonic() - began:.0f} s"


def _collect_static_files() -> None:
    collected = settings.STATIC_ROOT / "staticfiles.json"
    if not collected.exists() or _newest_source() > collected.stat().st_mtime:
        call_command("collectstatic", interactive=False, verbosity=0)


def _newest_source() -> float:
    paths = [settings.BASE_DIR / name for name in _STATIC_SOURCES]
    return max(path.stat().st_mtime for top in paths for path in (top, *top.rglob("*")))


# --- Serving ------------------------------------------------------------------------------------
def _serve() -> None:
    """What gunicorn's own command does, with what is loaded here."""
    os.environ.setdefault("GUNICORN_LOG_LEVEL", "warning")
    sys.argv = ["gunicorn", "--preload"]
    wsgiapp.run()


def _work() -> None:
    call_command("worker", verbosity=0)


def _wait_until_served(site: BaseProcess) -> None:
    host = listening.hosts()[0]
    while site.is_alive():
        try:
            socket.create_connection((host, int(listening.port())), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Refusal("Le site n'a pas pu démarrer (voir plus haut).")
