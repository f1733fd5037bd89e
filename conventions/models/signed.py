"""What both parties sign, the collectivity by virtue of its act: two dates and their effect."""

import datetime
from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Greatest

from accounts.models import User
from conventions.acts.models import Act
from conventions.exchanges.at_once import Done, tell_done
from conventions.exchanges.models import Notification, Side
from conventions.exchanges.telling import opposite, other_side
from conventions.models.dossier import (
    Dossier,
    file_key,
    is_in_its_place,
    latest_pieces,
    own_pieces,
    part_label,
)
from conventions.models.piece import Piece
from conventions.printing import EXECUTORY_FACTS, last_signature
from documents.models import TextModel
from lifecycle.door import Missing
from lifecycle.errors import TransitionRefused

_LATER_FACTS = (*EXECUTORY_FACTS, "publication_mode")


class SignedByBoth(Dossier):
    """A convention, or an avenant to one.

    A subclass has the transitions `sign_for_collectivity` and `sign_for_region`. Its act is
    written by `conventions.authority`.
    """

    # Before the nature of its act, to make the nature of the act's text.
    ACT_TEXT_PREFIX: ClassVar[str] = ""
    # What both sign, as it is generated; `Piece.SIGNED_AS` says as what it comes back.
    PAPER: ClassVar[str]

    act = models.OneToOneField(
        Act,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="%(class)s",
        verbose_name="acte",
    )
    sent_on = models.DateField("date d'envoi", null=True, blank=True)
    collectivity_signed_on = models.DateField(
        "date de signature par la collectivité", null=True, blank=True
    )
    region_signed_on = models.DateField(
        "date de signature par la région académique", null=True, blank=True
    )
    effective_on = models.GeneratedField(
        verbose_name="prise d'effet",
        expression=Case(
            When(
                collectivity_signed_on__isnull=False,
                region_signed_on__isnull=False,
                then=Greatest(F("collectivity_signed_on"), F("region_signed_on")),
            ),
            default=None,
            output_field=models.DateField(),
        ),
        output_field=models.DateField(null=True),
        db_persist=True,
    )

    class Meta:
        abstract = True

    # --- Its act ------------------------------------------------------------
    @property
    def awaits_act(self) -> bool:
        """Tell whether it is in the collectivity's hands, to be authorised and signed."""
        raise NotImplementedError

    @property
    def adopted_act(self) -> Act | None:
        """Its act once it is taken; None while it is a draft."""
        return self.act if self.act and self.act.is_adopted else None

    @property
    def standing_act(self) -> Act | None:
        """Its act, draft or adopted; None once it was withdrawn, and authorises nothing more."""
        return self.act if self.act and not self.act.withdrawn_on else None

    @property
    def is_signed_too_soon(self) -> bool:
        """Tell whether the collectivity signed before its act was executory.

        The prefect may not order payment of a debt that is seriously contested (CGCT L1612-15
        and 16; CE 27/07/2005, n° 248811), as this one could be (CE avis Sect. 10/06/1996,
        n° 176873). The same asked of the database: `signed_too_soon`.
        """
        signed, act = self.collectivity_signed_on, self.act
        if signed is None or act is None:
            return False
        return act.executory_on is None or signed < act.executory_on

    @property
    def act_is_open(self) -> bool:
        """Tell whether its act may still change: unsigned, or taken in place of another.

        The latter until it is deposited or published.
        """
        act = self.act
        is_new = bool(act and act.replaces_id and not (act.deposited_on or act.published_on))
        return self.awaits_act or (is_new and self.state != "abandoned")

    @property
    def act_text(self) -> TextModel:
        """The published text that its act is made from."""
        raise NotImplementedError

    def _is_current(self, piece: Piece, text: TextModel, facts: dict[str, Any]) -> bool:
        is_executory = piece.kind == Piece.Kind.ACT_EXECUTORY
        if is_executory and not self.act_is_open and not self._is_replaced(piece):
            # The act is signed: what may still change of it is its dates.
            issued = piece.document.context or {}
            return all((issued.get(name) or "") == (facts[name] or "") for name in _LATER_FACTS)
        return super()._is_current(piece, text, facts)

    def _is_replaced(self, piece: Piece) -> bool:
        """Tell whether a piece is of an act that was withdrawn, and replaced since."""
        act = self.act
        is_act = piece.kind in (Piece.Kind.ACT, Piece.Kind.AMENDMENT_ACT, Piece.Kind.ACT_EXECUTORY)
        return bool(is_act and act and act.replaces_id and piece.added_at < act.recorded_at)

    # --- What is signed -----------------------------------------------------
    @property
    def has_paper(self) -> bool:
        """Tell whether what both sign is there: generated, or come back signed."""
        kinds = papers(self.PAPER)
        if self._fetched_pieces is not None:
            return not set(kinds).isdisjoint(latest_pieces(self))
        return own_pieces(self).without_blanks().filter(kind__in=kinds).exists()

    @property
    def is_signed_without_paper(self) -> bool:
        """Tell whether a signature was recorded of what does not exist: it can still be made."""
        by_someone = self.collectivity_signed_on or self.region_signed_on
        return bool(by_someone) and self.state != "abandoned" and not self.has_paper

    def _missing_paper(self) -> list[Missing]:
        if self.has_paper:
            return []
        to_do = "produisez les documents du dossier, ou joignez la copie signée"
        return [Missing(f"{self.noun} à signer ({to_do})", "convention")]

    # --- What a subclass says of a signature --------------------------------
    def _refuse_signature(self, on: datetime.date) -> None:
        """Raise TransitionRefused when it cannot be signed on that day."""

    def _tell_signed(self, to: Side, by: User | None, on: datetime.date, *, signed: Side) -> None:
        """Tell the side `to` that the side `signed` did so on that day."""
        raise NotImplementedError

    def _tell(self, kind: str, to: Side, by: User | None, **facts: Any) -> None:
        """Write to one side of its file (`exchanges.telling.notify`)."""
        raise NotImplementedError

    def tell_in_your_place(self, by: User | None, done: str, reason: str = "") -> None:
        if is_in_its_place(by):
            of = f" ({part_label(self.part)})" if self.part else ""
            tell_done(file_key(self), Done(f"{done}{of}", reason, partial(self._tell_done, by)))

    def _tell_done(self, by: User | None, done: str, reason: str) -> None:
        facts = {"done": done, "reason": reason}
        self._tell(Notification.Kind.IN_YOUR_PLACE, Side.TOWN_HALL, by, **facts)

    # --- Verbs --------------------------------------------------------------
    def sign_for_collectivity(self, *, by: User | None, on: datetime.date) -> None:
        """Record that the collectivity signed on `on`; takes effect if the region has."""
        merged_on = self.collectivity.merged_on
        if merged_on and on >= merged_on:
            self.refuse_vanished()
        self._refuse_signature_without_act(on)
        self._sign("sign_for_collectivity", by, Side.TOWN_HALL, on, collectivity_signed_on=on)

    def _refuse_signature_without_act(self, on: datetime.date) -> None:
        """Between its date and its withdrawal, if any, an act authorises the signature."""
        if self.act is None:
            return
        dated_on, withdrawn_on = self.act.dated_on, self.act.withdrawn_on
        refusal = ""
        if dated_on and on < dated_on:
            refusal = (
                f"La signature de {self.noun} ne peut précéder l'acte qui l'autorise, daté du "
                f"{dated_on:%d/%m/%Y}."
            )
        elif withdrawn_on and on >= withdrawn_on:
            refusal = (
                f"L'acte qui autorisait cette signature a été retiré le {withdrawn_on:%d/%m/%Y} : "
                "prenez-en d'abord un nouveau."
            )
        if refusal:
            raise TransitionRefused({"on": refusal})

    def sign_for_region(self, *, by: User | None, on: datetime.date) -> None:
        """Record that the region's signatory signed on `on`; takes effect if both have."""
        self._sign("sign_for_region", by, Side.RECTORAT, on, region_signed_on=on)

    def _sign(
        self, verb: str, by: User | None, side: Side, on: datetime.date, **fact: datetime.date
    ) -> None:
        """Record the signature of `side`, and tell it once: a date put right is a detail.

        Told is the side that did not act: an agent may record what a town hall signed.
        """
        self.campaign.window.refuse(on, "on")
        self._refuse_signature(on)
        before = self.state
        with transaction.atomic():
            self._transition(verb, by, **fact)
            if self.state == before:
                return
            to = other_side(by) if by else opposite(side)
            tell_signed = partial(self._tell_signed, to, by, on, signed=side)
            if is_in_its_place(by) and side == Side.TOWN_HALL:
                done = f"Signature de {self.noun}, le {on:%d/%m/%Y}"
                tell = partial(self._tell_done, by)
                tell_done(file_key(self), Done(done, "", tell, alone=tell_signed))
            else:
                tell_signed()


def papers(paper: str) -> tuple[str, str]:
    """Return the kinds of piece that a signature may rest on: `paper`, and its signed copy."""
    return paper, Piece.SIGNED_AS[paper]


def signed_too_soon() -> Q:
    """Return the condition on what both sign: `SignedByBoth.is_signed_too_soon`."""
    never = Q(act__isnull=False, act__executory_on__isnull=True)
    return Q(collectivity_signed_on__isnull=False) & (
        never | Q(collectivity_signed_on__lt=F("act__executory_on"))
    )


def effective_day(signed: SignedByBoth) -> datetime.date | None:
    """Return the day of the last signature, None until both have signed.

    As `effective_on`, which the database computes: unknown to an instance just signed.
    """
    return last_signature(signed.collectivity_signed_on, signed.region_signed_on)


def signature_constraints(
    *, sent: Iterable[str], collectivity: Iterable[str], region: Iterable[str]
) -> list[models.CheckConstraint]:
    """Tie states to dates in both directions, for the `Meta` of a subclass.

    `sent` are the states of what was sent, `collectivity` and `region` those in which each
    has signed. What was given up keeps the dates that it had.
    """
    return [
        _tie("sent_on", sent, "Ce qui est envoyé porte une date d'envoi, et cela seulement."),
        _tie(
            "collectivity_signed_on",
            collectivity,
            "Ce que la collectivité a signé porte la date de sa signature, et cela seulement.",
        ),
        _tie(
            "region_signed_on",
            region,
            "Ce que la région académique a signé porte la date de sa signature, et cela seulement.",
        ),
    ]


def _tie(date: str, states: Iterable[str], message: str) -> models.CheckConstraint:
    states = list(states)
    known = Q(**{f"{date}__isnull": False})
    return models.CheckConstraint(
        name=f"%(class)s_{date}_iff_state",
        condition=(known & Q(state__in=[*states, "abandoned"])) | (~known & ~Q(state__in=states)),
        violation_error_message=message,
    )
