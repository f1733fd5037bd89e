"""One collectivity in one campaign: its own states, and every verb that changes them."""

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions import lifecycle
from conventions.acts.models import Act
from conventions.campaigns.models import Campaign
from conventions.exchanges.models import Notification, Side
from conventions.exchanges.telling import FileFacts, each_once, notify
from conventions.exchanges.thread import last_subject, write_message
from conventions.lifecycle import TRANSITIONS, Standing, State
from conventions.models.dossier import mark_outdated
from conventions.models.ending import ended_before
from conventions.models.party import ConfirmedParty, missing_details
from conventions.models.piece import Piece
from conventions.models.priced import Priced, amount_constraint, missing_tariff, same_tariff
from conventions.models.reached import accounts_of
from conventions.models.searched import SEARCH_RULES
from conventions.models.signed import SignedByBoth, papers, signature_constraints
from conventions.printing import act_context, convention_context
from documents.contexts import Context
from documents.models import TextModel
from documents.received.uploads import UploadedPdf
from law import deadlines
from lifecycle import plausible
from lifecycle.door import Missing
from lifecycle.errors import TransitionRefused
from lifecycle.models import Subject
from lifecycle.triggers import Rule, Upkeep


class ConventionQuerySet(models.QuerySet["Convention"]):
    def for_user(self, user: User) -> "ConventionQuerySet":
        """Leave what `user` may see: a town hall its own files, once they are sent."""
        scoped = self.filter(collectivity_scope(user, "collectivity"))
        if user.role == Role.TOWN_HALL:
            # Once sent, what is given up stays readable.
            scoped = scoped.filter(sent_on__isnull=False)
        if user.only_file:
            scoped = scoped.filter(pk=user.only_file)
        return scoped

    def living(self) -> "ConventionQuerySet":
        """Those that were not given up."""
        return self.exclude(state=State.ABANDONED)

    def with_parties(self) -> "ConventionQuerySet":
        """Fetch what every page about a file shows, in one query."""
        return self.select_related(
            "campaign__region",
            "act__sitting",
            "party",
            "relief",
            "collectivity__commune__department",
            "collectivity__department__academy",
        )

    def signed(self) -> "ConventionQuerySet":
        """Signed by both parties: they give rise to a claim."""
        return self.filter(state__in=lifecycle.CLAIMABLE)

    def late(self) -> "ConventionQuerySet":
        """Sent, the campaign's reply date passed, and still not signed by the collectivity."""
        waiting = set(lifecycle.VISIBLE_TO_TOWN_HALL) - set(lifecycle.COLLECTIVITY_SIGNED)
        return self.filter(state__in=waiting, campaign__reply_by__lt=timezone.localdate())

    def outdated(self) -> "ConventionQuerySet":
        """Those with a document, of any part, whose facts have changed since."""
        return self.filter(pk__in=Piece.objects.filter(outdated=True).values("convention"))

    def at_another_fee(self) -> "ConventionQuerySet":
        """Those prepared before the tariff of their campaign changed: to be prepared again."""
        reworkable = self.filter(state__in=lifecycle.REWORKABLE)
        return reworkable.exclude(same_tariff())

    def without_paper(self) -> "ConventionQuerySet":
        """Those of which nobody can have signed anything: neither printed nor on file."""
        kinds = papers(Convention.PAPER)
        there = Piece.objects.filter(convention=OuterRef("pk"), part="", kind__in=kinds)
        return self.exclude(Exists(there))

    def in_standing(self, standing: str) -> "ConventionQuerySet":
        """Leave the files whose `Convention.standing` is that one."""
        signed = Q(state=State.SIGNED)
        ended = ended_before(timezone.localdate())
        conditions = {
            Standing.UPCOMING: ~Q(state__in=[State.SIGNED, State.TERMINATED, State.ABANDONED]),
            Standing.IN_FORCE: signed & ~ended,
            Standing.ENDED: signed & ended,
        }
        return self.filter(conditions[Standing(standing)])


class Convention(Priced, SignedByBoth):
    TRANSITIONS = TRANSITIONS
    RECEIVED = Piece.RECEIVED
    PAPER = Piece.Kind.CONVENTION
    noun = "la convention"
    part = ""
    database_rules: ClassVar[tuple[Rule | Upkeep, ...]] = (*Priced.database_rules, *SEARCH_RULES)

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="conventions", verbose_name="campagne"
    )
    collectivity = models.ForeignKey(
        Collectivity,
        on_delete=models.PROTECT,
        related_name="conventions",
        verbose_name="collectivité",
    )
    collectivity_title = models.CharField("nom imprimé de la collectivité", max_length=220)
    reference = models.CharField("référence", max_length=30, db_index=True)
    state = models.CharField(
        "état", max_length=30, choices=State, default=State.PREPARED, editable=False, db_index=True
    )
    prepared_at = models.DateTimeField("préparée le", auto_now_add=True)
    accepted_on = models.DateField("renseignements confirmés le", null=True, blank=True)
    party = models.OneToOneField(
        ConfirmedParty,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name="renseignements confirmés",
    )
    moved_end_on = models.DateField("fin, par avenant", null=True, blank=True, editable=False)
    reminder_count = models.PositiveSmallIntegerField("relances", default=0, editable=False)
    reminded_on = models.DateField("dernière relance le", null=True, blank=True, editable=False)
    search_text = models.CharField(max_length=440, editable=False, default="")

    objects = ConventionQuerySet.as_manager()

    class Meta:
        verbose_name = "convention"
        ordering = ["-campaign__start_year", "collectivity__search_text"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "collectivity"],
                condition=~Q(state=State.ABANDONED),
                name="convention_once_a_year",
                violation_error_message="Cette collectivité a déjà sa convention pour cette "
                "année scolaire.",
            ),
            amount_constraint(),
            models.CheckConstraint(
                name="convention_confirmed_has_party",
                condition=Q(accepted_on__isnull=False, party__isnull=False)
                & Q(state__in=[*lifecycle.PARTY_CONFIRMED, State.ABANDONED])
                | Q(accepted_on__isnull=True, party__isnull=True)
                & ~Q(state__in=lifecycle.PARTY_CONFIRMED),
                violation_error_message="Une convention acceptée porte les renseignements "
                "confirmés de la collectivité, et elle seulement.",
            ),
            plausible.constraint(
                *("sent_on", "accepted_on", "collectivity_signed_on", "region_signed_on"),
                "moved_end_on",
            ),
            *signature_constraints(
                sent=lifecycle.VISIBLE_TO_TOWN_HALL,
                collectivity=lifecycle.COLLECTIVITY_SIGNED,
                region=lifecycle.REGION_SIGNED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} — {self.collectivity_title}"

    search_reads = ("collectivity",)

    def build_search_text(self) -> str:
        """What the search box matches, as the database keeps it (`searched`)."""
        return f"{self.reference.lower()} {self.collectivity.search_text}"

    def get_absolute_url(self) -> str:
        address = [self.campaign.school_year, self.collectivity.code]
        # The file that took its place has the address; it is found by its reference.
        query = {"reference": self.reference} if self.state == State.ABANDONED else None
        return reverse("convention", args=address, query=query)

    @property
    def journal_subject(self) -> Subject:
        return Subject(self.campaign_id, self.pk)

    @property
    def _fetched_pieces(self) -> list[Piece] | None:
        is_fetched = "pieces" in getattr(self, "_prefetched_objects_cache", {})
        return list(self.pieces.all()) if is_fetched else None

    @property
    def ends_on(self) -> datetime.date:
        return self.moved_end_on or self.campaign.ends_on

    @property
    def standing(self) -> Standing | None:
        """In force from the last signature to its end; None once given up."""
        if self.state in (State.ABANDONED, State.TERMINATED):
            return None
        if self.state != State.SIGNED:
            return Standing.UPCOMING
        ended = self.ends_on < timezone.localdate()
        return Standing.ENDED if ended else Standing.IN_FORCE

    # --- What is missing ----------------------------------------------------
    def missing_for(self, verb: str) -> list[Missing]:
        """Return what the transition `verb` still waits for, empty when it may be done."""
        checks = {
            "campaign_open": self._missing_campaign,
            "schools": self._missing_schools,
            "campaign_fee": lambda: missing_tariff(self, self.campaign),
            "identity": lambda: missing_details(self.collectivity),
            "act": self._missing_act,
            "paper": self._missing_paper,
        }
        return [item for name in TRANSITIONS[verb].requires for item in checks[name]()]

    def _missing_campaign(self) -> list[Missing]:
        opening = Missing(f"l'ouverture de la campagne {self.campaign.school_year}")
        return [] if self.campaign.is_open else [opening]

    def _missing_schools(self) -> list[Missing]:
        return [] if self.school_count else [Missing("au moins une école inscrite")]

    def _missing_act(self) -> list[Missing]:
        what = "son numéro et sa date" if self.act else "sa nature, son numéro et sa date"
        return [] if self.adopted_act else [Missing(f"l'acte : {what}", "convention_act")]

    # --- Verbs --------------------------------------------------------------
    def send(
        self,
        *,
        by: User | None,
        on: datetime.date | None = None,
        comment: str = "",
        attachment: UploadedPdf | None = None,
    ) -> None:
        """Show the convention to its collectivity; schools and amount are frozen from here.

        Sent again after a correction was requested, it starts over: `comment` is then the
        rectorat's answer and joins the thread, on the subject of the request.
        """
        again = self.state == State.CORRECTION_REQUESTED
        sent_on = on or timezone.localdate()
        self.campaign.window.refuse(sent_on, "on")
        with transaction.atomic():
            # Held, and read anew: what it prints must not change while its first file leaves.
            self.campaign = Campaign.objects.held(self.campaign)
            self._transition("send", by, comment=comment, sent_on=sent_on)
            mark_outdated(self)
            self.campaign.note_sending()
            if comment.strip() or attachment:
                write_message(
                    self.pk,
                    by=by,
                    subject=last_subject(self.pk),
                    body=comment,
                    attachment=attachment,
                )
            answer = comment.strip()
            self._tell(Notification.Kind.SENT, Side.TOWN_HALL, by, again=again, answer=answer)

    def request_correction(
        self,
        *,
        by: User | None,
        subject: str,
        comment: str,
        attachment: UploadedPdf | None = None,
    ) -> None:
        """Return the file to the rectorat: `comment` says what is wrong, about `subject`.

        `subject` is one of Message.Subject; the comment opens a message of the thread.
        Nothing of the collectivity's confirmation stands from here.
        """
        self._refuse_transition("request_correction", by, comment)
        with transaction.atomic():
            # Before the transition: a message that is refused leaves this instance as it was.
            message = write_message(
                self.pk, by=by, subject=subject, body=comment, attachment=attachment
            )
            self._transition(
                "request_correction", by, comment=comment, accepted_on=None, party=None
            )
            self._tell(Notification.Kind.CORRECTION_REQUESTED, Side.RECTORAT, by, message=message)
            self.tell_in_your_place(by, TRANSITIONS["request_correction"].done)

    def accept(self, *, by: User | None, on: datetime.date | None = None) -> None:
        """Copy the collectivity's details, as confirmed, into the convention."""
        accepted_on = on or timezone.localdate()
        self._refuse_transition("accept", by, "")
        self.campaign.window.refuse(accepted_on, "on")
        with transaction.atomic():
            party = ConfirmedParty.copy_of(self.collectivity, accepted_on)
            party.save()
            self._transition(
                "accept",
                by,
                accepted_on=accepted_on,
                collectivity_title=self.collectivity.title,
                party=party,
                beside=party.changes_since(self.party),
            )
            mark_outdated(self)
            self.tell_in_your_place(by, TRANSITIONS["accept"].done)

    def remind(self, *, by: User | None, awaited: Mapping[str, Any] | None) -> None:
        """Write to the town hall what its file still waits for, in the words of `awaited`.

        `awaited` goes to the e-mail; None when nothing is expected of the town hall. Raises
        TransitionRefused then, and when it is too soon after the last reminder, beyond the
        campaign's number of them, or when there is nobody to write to.
        """
        if refusal := self.reminder_refusal(is_awaited=awaited is not None):
            raise TransitionRefused(refusal)
        number = self.reminder_count + 1
        with transaction.atomic():
            self._transition(
                "remind",
                by,
                summary=f"Relance n° {number} de la collectivité",
                reminder_count=number,
                reminded_on=timezone.localdate(),
            )
            self._tell(Notification.Kind.REMINDER, Side.TOWN_HALL, by, **(awaited or {}))

    def reminder_refusal(self, *, is_awaited: bool) -> str:
        """Return why the town hall cannot be reminded today (French), "" when it can.

        `is_awaited` tells whether something is expected of it.
        """
        if not is_awaited:
            state = self.get_state_display()
            return f"Rien n'est attendu de la collectivité : la convention est {state}."
        if refusal := self.campaign.reminder_refusal(self.reminder_count, self.reminded_on):
            return refusal
        if not file_facts(self).addresses(Side.TOWN_HALL):
            return "Personne à qui écrire : donnez une adresse à la collectivité, ou invitez quelqu'un."
        return ""

    def abandon(self, *, by: User | None, comment: str) -> None:
        """Give the convention up, with a reason; its schools may be enrolled again."""
        with transaction.atomic():
            self._transition("abandon", by, comment=comment)
            self.enrolments.enrolled().update(released_on=timezone.localdate())
            if self.act:
                Act.objects.filter(pk=self.act.pk).update(is_released=True)
            if self.sent_on:
                self._tell(Notification.Kind.ABANDONED, Side.TOWN_HALL, by, reason=comment.strip())

    def terminate(
        self, *, by: User | None, on: datetime.date, second_letter_on: datetime.date
    ) -> None:
        """End the convention on `on`, fifteen days at least after the second letter.

        Nothing is refunded and the claim of the year stays (article 11). The steps before
        are those of a `Termination`, which calls this last.
        """
        self.campaign.window.refuse(on, "on")
        first = deadlines.termination_on(second_letter_on)
        if on < first:
            raise TransitionRefused(
                {
                    "on": "Cette date précède la fin des quinze jours après la seconde lettre, le "
                    f"{first:%d/%m/%Y}."
                }
            )
        with transaction.atomic():
            self._transition("terminate", by, summary=f"Convention résiliée le {on:%d/%m/%Y}")
            for amendment in self.amendments.all():
                amendment._clear_what_is_over()  # One that was sent is to be signed no more.

    # --- Its act, its papers, its e-mails -----------------------------------
    @property
    def awaits_act(self) -> bool:
        return self.state in (State.ACCEPTED, State.SIGNED_BY_REGION)

    @property
    def act_text(self) -> TextModel:
        is_decision = self.act is not None and self.act.is_decision
        return self.campaign.decision_text if is_decision else self.campaign.deliberation_text

    def kinds_to_issue(self) -> list[str]:
        """Return the pieces that today's facts allow to generate.

        What is to be signed is generated until somebody has signed it; the act with
        its executory mention is a piece of its own, as soon as both dates are known.
        """
        kinds: list[str] = []
        if self.state == State.ACCEPTED or self.is_signed_without_paper:
            kinds.append(Piece.Kind.CONVENTION)
        act = self.standing_act
        if act and self.act_is_open:
            kinds.append(Piece.Kind.ACT)
        if act and act.executory_on and self.state != State.ABANDONED:
            kinds.append(Piece.Kind.ACT_EXECUTORY)
        return kinds

    def text_and_context(self, kind: str) -> tuple[TextModel, Context]:
        """Return the text model and the context that a generated piece is made from."""
        if kind == Piece.Kind.CONVENTION or self.act is None:
            return self.campaign.convention_text, convention_context(self)
        text = self.act.text_from(self.act_text)
        return text, act_context(self, self.act, executory=kind == Piece.Kind.ACT_EXECUTORY)

    def _tell_signed(self, to: Side, by: User | None, on: datetime.date, *, signed: Side) -> None:
        facts = {"signed_on": on, "signed": signed, "is_signed": self.state == State.SIGNED}
        self._tell(Notification.Kind.SIGNED_BY_OTHER, to, by, **facts)

    def _tell(self, kind: str, to: Side, by: User | None, **facts: Any) -> None:
        notify(file_facts(self), kind, to=to, by=by, **facts)


def file_facts(
    convention: Convention, accounts: Iterable[str] | None = None, path: str = ""
) -> FileFacts:
    """Return a file as its e-mails name it, and whom they go to.

    The town hall's active `accounts` and the address of the collectivity itself; for the
    rectorat, the address of the campaign. Who tells of thousands of files looks up together
    their accounts, and the `path` of their pages.
    """
    campaign, collectivity = convention.campaign, convention.collectivity
    if accounts is None:
        accounts = accounts_of(collectivity)
    return FileFacts(
        convention_id=convention.pk,
        reference=convention.reference,
        school_year=campaign.school_year,
        collectivity=convention.collectivity_title,
        schools=convention.school_count,
        amount=Decimal(convention.amount),
        reply_by=campaign.reply_by,
        contact=campaign.contact,
        town_hall_addresses=each_once([collectivity.email, *sorted(accounts)]),
        rectorat_addresses=each_once([campaign.contact_email]),
        town_hall_path=path or convention.get_absolute_url(),
    )
