"""What starts from a convention and is a part of its file: an avenant, a procedure."""

from django.db import models

from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.models.convention import Convention
from conventions.models.dossier import Dossier
from conventions.models.piece import Piece
from lifecycle.models import Subject


class AfterConvention(Dossier):
    """A part that starts from a convention, in `convention`: an avenant, a procedure."""

    convention: "models.ForeignKey[Convention, Convention]"

    class Meta:
        abstract = True

    @property
    def collectivity(self) -> Collectivity:
        return self.convention.collectivity

    @property
    def campaign(self) -> Campaign:
        return self.convention.campaign

    @property
    def journal_subject(self) -> Subject:
        return Subject(self.convention.campaign_id, self.convention.pk, self.part)

    @property
    def _fetched_pieces(self) -> list[Piece] | None:
        return self.convention._fetched_pieces
