"""The act that authorises a signature: entered first, then dated."""

import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from conventions.models.act import ActFacts
from conventions.models.errors import TransitionRefused
from conventions.models.part import ConventionPart
from conventions.models.piece import Piece
from documents.models import TextModel
from documents.wording.proofreading import proofread, tidy


class Authorised(ConventionPart):
    """Something the collectivity signs by virtue of an act, mixed into what is signed.

    A subclass (a `Stateful`) names its model of act and says when an act may be entered.
    """

    ACT_MODEL: type[ActFacts]
    ACT_REFUSED = ""
    ACT_FIELDS = (
        "kind",
        "number",
        "dated_on",
        "delegation_item",
        "delegation_reference",
        "executor",
    )
    # What the collectivity makes its own in the act, beside the act itself.
    ACT_OWN_FIELDS = (
        "adapted_text",
        "letterhead",
        "signatory",
        "signatory_capacity",
        "signatory_delegation",
    )
    ACT_DATE_FIELDS = (
        "deposited_on",
        "published_on",
        "publication_mode",
        "reported_on",
        *ActFacts.AFTERMATH_FIELDS,
    )

    @property
    def recorded_act(self) -> ActFacts | None:
        """The act, or None while the town hall has not entered it."""
        act = getattr(self, "act", None)
        # One that was refused is left there by Django, unsaved.
        return act if act and act.pk else None

    @property
    def can_record_act(self) -> bool:
        """Tell whether nature, number and date of the act may (still) be entered."""
        raise NotImplementedError

    @property
    def can_record_act_dates(self) -> bool:
        return self.recorded_act is not None and self.state != "abandoned"

    @property
    def act_text_model(self) -> TextModel:
        """The published text that its act is made from."""
        raise NotImplementedError

    @property
    def last_letterhead(self) -> str:
        """The letterhead that a new act takes over, "" when there was none."""
        raise NotImplementedError

    @property
    def can_adapt_act(self) -> bool:
        """Tell whether the act's text, letterhead and signatory may (still) be chosen.

        What was deposited, published or handed back signed is what it is.
        """
        act = self.recorded_act
        if act is None or not self.can_record_act or act.deposited_on or act.published_on:
            return False
        return not any(piece.kind == Piece.Kind.ACT_SIGNED for piece in self.own_pieces)

    def record_act(self, *, by, **values):
        """Enter or correct the act (ACT_FIELDS), as long as the collectivity has not signed.

        Raises TransitionRefused, or ValidationError with the message at its field.
        """
        if not self.can_record_act:
            raise TransitionRefused(self.ACT_REFUSED)
        self._refuse_future(values["dated_on"], "dated_on")
        act = self.recorded_act
        if act is None:
            letterhead = self.last_letterhead
            act = self.ACT_MODEL(**{self.ACT_MODEL.OF: self}, letterhead=letterhead)
        elif act.adapted_text and act.kind != values["kind"]:
            raise TransitionRefused(
                {
                    "kind": f"Vous avez adapté le texte de cette {act.get_kind_display()} : revenez "
                    "d'abord au texte du modèle (« Adapter l'acte »), puis changez sa nature."
                }
            )
        self._write_act(act, by, "record_act", "Acte de la collectivité enregistré", values)

    def adapt_act(self, *, by, adapted_text: str, **values):
        """Make the act the collectivity's own (ACT_OWN_FIELDS), as long as it has not signed.

        `adapted_text` is Markdown with the fields of its nature; blank, or the same as the
        model's, it is the model's. `letterhead` is the name of a stored image, or "".
        Raises TransitionRefused, or ValidationError with the faults under "adapted_text".
        """
        if not self.can_adapt_act:
            raise TransitionRefused(
                "L'acte s'adapte une fois enregistré, et ne change plus dès qu'il est signé, déposé "
                "ou publié."
            )
        values["adapted_text"] = self.own_act_text(adapted_text)
        self._write_act(self.act, by, "adapt_act", "Acte adapté par la collectivité", values)

    def own_act_text(self, adapted_text: str) -> str:
        """Return the collectivity's own text as it is kept, "" when it is the model's.

        Raises ValidationError, its faults under "adapted_text".
        """
        text = tidy(adapted_text) if adapted_text.strip() else ""
        if text == self.act_text_model.body:
            return ""
        if text and (faults := proofread(self.act.text_kind, text)):
            raise ValidationError({"adapted_text": [str(fault) for fault in faults]})
        return text

    def record_act_dates(self, *, by, **values):
        """Enter or correct what happened to the act (ACT_DATE_FIELDS, those given only)."""
        if not self.can_record_act_dates:
            raise TransitionRefused("Enregistrez d'abord l'acte : nature, numéro et date.")
        for name, value in values.items():
            if isinstance(value, datetime.date):
                self._refuse_future(value, name)
        self._write_act(self.act, by, "record_act_dates", "Dates de l'acte enregistrées", values)

    def _write_act(self, act, by, verb, summary, values):
        changes = {
            name: [act.for_journal(name, getattr(act, name)), act.for_journal(name, value)]
            for name, value in values.items()
            if getattr(act, name) != value
        }
        if not changes and act.pk:
            return
        for name, value in values.items():
            setattr(act, name, value)
        act.full_clean(exclude=[act.OF])
        with transaction.atomic():
            self._compare_and_swap()
            act.save()
            self._write_journal(by, verb, summary, changes=changes)
            act.refresh_from_db(fields=["executory_on"])
            self.act = act
            self.mark_outdated()
