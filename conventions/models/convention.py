"""One collectivity in one campaign, and every door to change its state."""

import datetime
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Greatest, Round
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.scope import collectivity_scope
from communes.models import Collectivity, Party
from conventions import lifecycle
from conventions.lifecycle import TRANSITIONS, Standing, State
from conventions.models.act import Act
from conventions.models.amendment import Amendable
from conventions.models.authority import Authorised
from conventions.models.campaign import Campaign
from conventions.models.correspondence import Correspondence
from conventions.models.dossier import ConventionDossier
from conventions.models.ending import Ending
from conventions.models.errors import TransitionRefused
from conventions.models.journal import JournalEntry
from conventions.models.message import Message
from conventions.models.notification import Notification
from conventions.models.piece import Piece
from conventions.models.reminders import Reminders
from conventions.models.stateful import Stateful
from conventions.notifications import notify


@dataclass(frozen=True)
class Missing:
    """Something a step still waits for: what it is, and the page where it is given."""

    label: str
    page: str


class ConventionQuerySet(models.QuerySet):
    def for_user(self, user):
        """Leave what `user` may see: a town hall its own files, once they are sent."""
        scoped = self.filter(collectivity_scope(user, "collectivity"))
        if user.role == Role.TOWN_HALL:
            scoped = scoped.filter(state__in=lifecycle.VISIBLE_TO_TOWN_HALL)
        return scoped

    def living(self):
        """Those that were not given up."""
        return self.exclude(state=State.ABANDONED)

    def with_parties(self):
        """Fetch what every page about a file shows, in one query."""
        return self.select_related(
            "campaign__region",
            "act",
            "collectivity__commune__department",
            "collectivity__department__academy",
        )

    def signed(self):
        """Signed by both parties: they give rise to a claim."""
        return self.filter(state__in=lifecycle.CLAIMABLE)

    def late(self):
        """Sent, the campaign's reply date passed, and still not signed by the collectivity."""
        waiting = set(lifecycle.VISIBLE_TO_TOWN_HALL) - set(lifecycle.COLLECTIVITY_SIGNED)
        return self.filter(state__in=waiting, campaign__reply_by__lt=timezone.localdate())

    def outdated(self):
        """Those with a document, theirs or an avenant's, whose facts have changed since."""
        return self.filter(pk__in=Piece.objects.filter(outdated=True).values("convention"))

    def in_standing(self, standing: str):
        """Leave the files whose `Convention.standing` is that one."""
        signed = Q(state=State.SIGNED)
        ended = Q(campaign__ends_on__lt=timezone.localdate())
        conditions = {
            Standing.UPCOMING: ~Q(state__in=[State.SIGNED, State.TERMINATED, State.ABANDONED]),
            Standing.IN_FORCE: signed & ~ended,
            Standing.ENDED: signed & ended,
        }
        return self.filter(conditions[Standing(standing)])

    def count_by_state(self) -> dict[str, int]:
        """Return the number of conventions in each state, zeros included."""
        counts = dict(self.order_by().values_list("state").annotate(models.Count("pk")))
        return {state: counts.get(state, 0) for state in State.values}


class Convention(
    Correspondence, ConventionDossier, Amendable, Ending, Reminders, Authorised, Party, Stateful
):
    TRANSITIONS = TRANSITIONS
    ACT_MODEL = Act
    ACT_REFUSED = (
        "L'acte s'enregistre une fois les renseignements confirmés, et ne change plus après la "
        "signature de la collectivité."
    )
    noun = "la convention"

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
    school_count = models.PositiveIntegerField("nombre d'écoles", default=0)
    unit_fee = models.DecimalField("participation par école", max_digits=8, decimal_places=2)
    amount = models.DecimalField("montant", max_digits=10, decimal_places=2)
    prepared_at = models.DateTimeField("préparée le", auto_now_add=True)
    sent_on = models.DateField("envoyée le", null=True, blank=True)
    accepted_on = models.DateField("renseignements confirmés le", null=True, blank=True)
    collectivity_signed_on = models.DateField(
        "signée par la collectivité le", null=True, blank=True
    )
    region_signed_on = models.DateField("signée par la région académique le", null=True, blank=True)
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
            models.CheckConstraint(
                name="convention_amount_is_count_times_fee",
                condition=Q(amount=Round(F("school_count") * F("unit_fee"), precision=2)),
                violation_error_message="Le montant est le nombre d'écoles multiplié par la "
                "participation.",
            ),
            models.CheckConstraint(
                name="convention_sent_has_date",
                condition=Q(sent_on__isnull=False) | Q(state__in=[State.PREPARED, State.ABANDONED]),
                violation_error_message="Une convention envoyée porte sa date d'envoi.",
            ),
            models.CheckConstraint(
                name="convention_confirmed_has_siret",
                condition=(Q(accepted_on__isnull=False) & ~Q(siret=""))
                | ~Q(state__in=lifecycle.PARTY_CONFIRMED),
                violation_error_message="Une convention acceptée porte le SIRET de la collectivité.",
            ),
            models.CheckConstraint(
                name="convention_collectivity_signature_has_date",
                condition=Q(collectivity_signed_on__isnull=False)
                | ~Q(state__in=lifecycle.COLLECTIVITY_SIGNED),
                violation_error_message="La signature de la collectivité porte une date.",
            ),
            models.CheckConstraint(
                name="convention_region_signature_has_date",
                condition=Q(region_signed_on__isnull=False) | ~Q(state__in=lifecycle.REGION_SIGNED),
                violation_error_message="La signature de la région académique porte une date.",
            ),
        ]

    def __str__(self):
        return f"{self.reference} — {self.collectivity_title}"

    def get_absolute_url(self):
        return reverse("convention", args=[self.campaign.school_year, self.collectivity.code])

    @staticmethod
    def build_reference(campaign, collectivity) -> str:
        """Return "ENT-2022-34337": year of the rentrée, INSEE code or SIREN."""
        return f"ENT-{campaign.start_year}-{collectivity.code}"

    @property
    def file(self):
        return self

    @property
    def is_party_confirmed(self) -> bool:
        """Tell whether the collectivity's details are copied and frozen here."""
        return self.accepted_on is not None

    @property
    def is_signed_by_collectivity(self) -> bool:
        return self.state in lifecycle.COLLECTIVITY_SIGNED

    @property
    def standing(self) -> Standing | None:
        """In force from the last signature to the campaign's end; None once given up."""
        if self.state in (State.ABANDONED, State.TERMINATED):
            return None
        if self.state != State.SIGNED:
            return Standing.UPCOMING
        ended = self.campaign.ends_on < timezone.localdate()
        return Standing.ENDED if ended else Standing.IN_FORCE

    @property
    def is_unsigned(self) -> bool:
        return self.state in lifecycle.BEFORE_SIGNATURE

    def refusal_of(self, verb: str) -> str:
        if verb == "remind":
            return self.reminder_refusal()
        return super().refusal_of(verb)

    # --- What is missing ----------------------------------------------------
    def missing_for(self, verb: str) -> list[Missing]:
        """Return what the transition `verb` still waits for, empty when it may be done."""
        checks = {
            "campaign_open": self._missing_campaign,
            "schools": self._missing_schools,
            "identity": self._missing_identity,
            "act": self._missing_act,
            "termination_delays": self._missing_termination_delays,
        }
        return [item for name in TRANSITIONS[verb].requires for item in checks[name]()]

    def _missing_campaign(self):
        if not self.campaign.is_open:
            yield Missing(f"l'ouverture de la campagne {self.campaign.school_year}", "")

    def _missing_schools(self):
        if not self.school_count:
            yield Missing("au moins une école inscrite", "")

    def _missing_identity(self):
        labels = {
            "siret": "le SIRET",
            "address_line_1": "l'adresse",
            "postcode": "le code postal",
            "city": "la ville",
            "representative_civility": "la civilité du représentant",
            "representative_first_name": "le prénom du représentant",
            "representative_last_name": "le nom du représentant",
            "representative_capacity": "la qualité du représentant",
        }
        for field, label in labels.items():
            if not getattr(self.collectivity, field):
                yield Missing(label, "convention_identity")

    def _missing_act(self):
        if self.recorded_act is None:
            yield Missing("l'acte : sa nature, son numéro et sa date", "convention_act")

    def _missing_termination_delays(self):
        termination = self.open_termination
        if termination is None or not termination.second_letter_on:
            yield Missing("la seconde lettre recommandée (article 11)", "")
        elif timezone.localdate() < termination.terminates_on:
            yield Missing(f"la fin des quinze jours, le {termination.terminates_on:%d/%m/%Y}", "")

    # --- Verbs --------------------------------------------------------------
    def accept(self, *, by, on: datetime.date | None = None):
        """Copy the collectivity's details, as confirmed, into the convention."""
        party = {name: getattr(self.collectivity, name) for name in Party.party_fields()}
        self._transition(
            "accept",
            by,
            accepted_on=on or timezone.localdate(),
            collectivity_title=self.collectivity.title,
            **party,
        )

    def sign_for_collectivity(self, *, by, on: datetime.date):
        """Record that the collectivity signed the convention on `on`."""
        self._refuse_future(on, "on")
        act = self.recorded_act
        if act and on < act.dated_on:
            raise TransitionRefused(
                {
                    "on": f"La convention ne peut être signée avant l'acte qui l'autorise, daté du "
                    f"{act.dated_on:%d/%m/%Y}."
                }
            )
        self._sign("sign_for_collectivity", by, Message.Side.RECTORAT, collectivity_signed_on=on)

    def sign_for_region(self, *, by, on: datetime.date):
        """Record that the region's signatory signed the convention on `on`."""
        self._refuse_future(on, "on")
        self._sign("sign_for_region", by, Message.Side.TOWN_HALL, region_signed_on=on)

    def _sign(self, verb, by, other_side, **fact):
        """Record a signature and tell the other side, once: a date put right is a detail."""
        before = self.state
        with transaction.atomic():
            self._transition(verb, by, **fact)
            if self.state != before:
                notify(self, Notification.Kind.SIGNED_BY_OTHER, to=other_side, by=by)

    def abandon(self, *, by, comment: str):
        """Give the convention up, with a reason; its schools may be enrolled again."""
        with transaction.atomic():
            self._transition("abandon", by, comment=comment)
            self.schools.filter(released_on__isnull=True).update(released_on=timezone.localdate())

    def recount(self, *, by):
        """Bring count and amount in line with the schools, as long as nothing was sent."""
        count = self.schools.filter(released_on__isnull=True).count()
        if self.state not in lifecycle.REWORKABLE:
            raise TransitionRefused("Le montant d'une convention envoyée ne change plus.")
        with transaction.atomic():
            changes = self._changes({"school_count": count, "amount": count * self.unit_fee})
            self._compare_and_swap(school_count=count, amount=count * self.unit_fee)
            JournalEntry.about(
                self,
                by=by,
                verb="recount",
                summary=f"Nombre d'écoles : {count}",
                changes=changes,
            ).save()

    # --- The act: facts, not states -----------------------------------------
    @property
    def act_text_model(self):
        is_decision = self.act.is_decision
        return self.campaign.decision_text if is_decision else self.campaign.deliberation_text

    @property
    def last_letterhead(self) -> str:
        """That of the collectivity's latest act."""
        acts = Act.objects.filter(convention__collectivity=self.collectivity_id)
        latest = acts.exclude(letterhead="").order_by("-dated_on", "-pk").first()
        return (latest.letterhead.name or "") if latest else ""

    @property
    def can_record_act(self) -> bool:
        return self.is_party_confirmed and self.state in (State.ACCEPTED, State.SIGNED_BY_REGION)
