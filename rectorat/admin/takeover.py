"""Entrusting schools to an EPCI or a syndicat, and giving them back to their communes."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.widgets import AdminDateWidget, AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.access import user_of
from accounts.models import User
from accounts.scope import collectivity_scope
from communes.models import Collectivity
from conventions.campaigns.models import Campaign
from conventions.enrolment.takeovers import consequences
from schools import takeover
from schools.admin import SchoolAdmin
from schools.models import School, Takeover


class GiveBackForm(forms.Form):
    since = forms.DateField(
        label="À compter du",
        widget=AdminDateWidget,
        help_text="Une campagne suit le payeur de son premier jour, le 1er septembre.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = Campaign.objects.exclude(state__in=["closed", "archived"]).first()
        self.fields["since"].initial = newest.starts_on if newest else None


class EntrustForm(GiveBackForm):
    payer = forms.ModelChoiceField(
        Collectivity.objects.none(),
        label="Regroupement",
        widget=AutocompleteSelect(Takeover._meta.get_field("payer"), admin.site),
        help_text="L'EPCI ou le syndicat, tel qu'il figure parmi les collectivités, avec ses "
        "communes membres.",
        error_messages={
            "invalid_choice": "Choisissez un EPCI ou un syndicat de vos départements, qui ne soit "
            "pas réuni à un autre."
        },
    )
    field_order = ("payer", "since")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        payer: Any = self.fields["payer"]
        payer.queryset = Collectivity.objects.filter(
            collectivity_scope(user),
            kind__in=Collectivity.GROUPINGS,
            merged_into__isnull=True,
        )


class SchoolTakeoverAdmin(SchoolAdmin):
    """The schools' pages, with the change of payer and what it does to the campaigns."""

    actions = ("entrust", "give_back")

    @admin.action(description="Confier à un regroupement…", permissions=["change"])
    def entrust(self, request: HttpRequest, queryset: QuerySet[School]) -> HttpResponse | None:
        return self._change_payer(request, queryset, EntrustForm, "Confier à un regroupement")

    @admin.action(description="Rendre à la commune…", permissions=["change"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[School]) -> HttpResponse | None:
        return self._change_payer(request, queryset, GiveBackForm, "Rendre à la commune")

    def _change_payer(
        self,
        request: HttpRequest,
        queryset: QuerySet[School],
        form_class: type[GiveBackForm],
        title: str,
    ) -> HttpResponse | None:
        """Ask for payer and date, say what would change, then do it."""
        answered = "since" in request.POST
        form = form_class(request.POST if answered else None, user=user_of(request))
        report = None
        if answered and form.is_valid():
            payer, since = form.cleaned_data.get("payer"), form.cleaned_data["since"]
            try:
                if "confirmed" in request.POST:
                    by = user_of(request)
                    if payer:
                        done = takeover.take_over(queryset, payer, since, by=by)
                    else:
                        done = takeover.give_back(queryset, since, by=by)
                    self._tell(request, done)
                    return None
                report = takeover.review(queryset, payer, since)
            except ValidationError as refusal:
                form.add_error(None, refusal)
        return TemplateResponse(
            request,
            "admin/schools/school/change_payer.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media + form.media,
                "title": title,
                "form": form,
                "count": queryset.count(),
                "report": report,
                "consequences": consequences(report.changed, since) if report else [],
                "action": request.POST["action"],
                "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
                "select_across": request.POST.get("select_across", "0"),
                "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
            },
        )

    def _tell(self, request: HttpRequest, report: takeover.TakeoverReport) -> None:
        count = len(report.changed)
        done = f"{count} écoles changent" if count > 1 else f"{count} école change"
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{done} de payeur.", level)
        if report.left_out:
            names = ", ".join(school.uai for school, _ in report.left_out[:20])
            self.message_user(request, f"Laissées de côté : {names}.", messages.WARNING)
