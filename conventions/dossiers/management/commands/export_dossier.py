"""Every piece of one file, and its facts, in a folder."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from conventions.campaigns.converters import SchoolYearConverter
from conventions.models import Convention, file_name
from conventions.models.piece import PieceQuerySet


class Command(BaseCommand):
    help = "Exporte toutes les pièces d'une convention dans un dossier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="code INSEE de la commune, ou SIREN de la collectivité")
        parser.add_argument("school_year", help="année scolaire, par exemple 2022-2023")
        parser.add_argument("folder", type=Path, help="dossier où écrire (créé au besoin)")

    def handle(self, *, code: str, school_year: str, folder: Path, **options: Any) -> None:
        convention = self._find(code, school_year)
        folder.mkdir(parents=True, exist_ok=True)
        pieces = convention.pieces.select_related(
            "document", "convention__collectivity", "convention__campaign"
        )
        if convention.is_transferred:
            raise CommandError(convention.transferred_in_words)
        for piece in pieces:
            target = folder / file_name(piece)
            target.write_bytes(piece.document.file.read())
            self.stdout.write(str(target))
        summary = folder / "dossier.json"
        summary.write_text(
            json.dumps(
                _facts(convention, pieces), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2
            )
            + "\n",
            encoding="utf-8",
        )
        self.stdout.write(str(summary))

    @staticmethod
    def _find(code: str, school_year: str) -> Convention:
        try:
            year = SchoolYearConverter().to_python(school_year)
        except ValueError:
            raise CommandError(
                f"« {school_year} » n'est pas une année scolaire : écrivez par exemple 2022-2023."
            ) from None
        found = Convention.objects.with_parties().living().filter(campaign__start_year=year)
        convention = (
            found.filter(collectivity__code=code).first()
            or found.filter(collectivity__siren=code).first()
        )
        if convention is None:
            raise CommandError(f"Aucune convention {school_year} pour la collectivité {code}.")
        return convention


def _facts(convention: Convention, pieces: PieceQuerySet) -> dict[str, Any]:
    act = convention.act
    return {
        "reference": convention.reference,
        "school_year": convention.campaign.school_year,
        "collectivity": convention.collectivity_title,
        "siret": (convention.party or convention.collectivity).siret,
        "state": convention.state,
        "amount": convention.amount,
        "schools": [
            {"uai": school.uai, "name": school.name, "commune": school.commune_name}
            for school in convention.enrolments.as_issued()
        ],
        "sent_on": convention.sent_on,
        "collectivity_signed_on": convention.collectivity_signed_on,
        "region_signed_on": convention.region_signed_on,
        "effective_on": convention.effective_on,
        "act": act
        and {
            "kind": act.kind,
            "state": act.state,
            "planned_on": act.planned_on,
            "number": act.number,
            "dated_on": act.dated_on,
            "deposited_on": act.deposited_on,
            "published_on": act.published_on,
            "executory_on": act.executory_on,
            "appeal_ends_on": act.appeal_ends_on,
            "referral_ends_on": act.referral_ends_on,
            "reported_on": act.reported_on,
        },
        "pieces": [
            {
                "file": file_name(piece),
                "kind": piece.kind,
                "sha256": piece.document.sha256,
                "added_at": piece.added_at,
            }
            for piece in pieces
        ],
    }
