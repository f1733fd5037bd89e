"""The act that authorises a signature: entered first, then dated."""

import datetime

from django.db import transaction

from .act import ActFacts
from .errors import TransitionRefused
from .part import ConventionPart


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

    def record_act(self, *, by, **values):
        """Enter or correct the act (ACT_FIELDS), as long as the collectivity has not signed.

        Raises TransitionRefused, or ValidationError with the message at its field.
        """
        if not self.can_record_act:
            raise TransitionRefused(self.ACT_REFUSED)
        self._refuse_future(values["dated_on"], "dated_on")
        act = self.recorded_act or self.ACT_MODEL(**{self.ACT_MODEL.OF: self})
        self._write_act(act, by, "record_act", "Acte de la collectivité enregistré", values)

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
            name: [getattr(act, name), value]
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
