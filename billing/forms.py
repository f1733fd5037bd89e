"""What finance settles for the titres to come."""

from django import forms
from dsfr.forms import DsfrBaseForm

from billing.coding.models import CODES, BillingSettings, BudgetYear, Coding, ThirdParty
from lifecycle.plausible import DateInput


class GeneralSettingsForm(DsfrBaseForm, forms.ModelForm):
    class Meta:
        model = BillingSettings
        fields = (
            "author_name",
            "author_capacity",
            "minimum_amount",
            "due_days",
            "arrival",
            "payment",
            "contestation",
        )
        widgets = {
            name: forms.Textarea(attrs={"rows": 3})
            for name in ("arrival", "payment", "contestation")
        }


class BudgetYearForm(DsfrBaseForm, forms.ModelForm):
    class Meta:
        model = BudgetYear
        fields = ("year", "last_batch_on", "is_earmarked", "use_of_funds")
        widgets = {"last_batch_on": DateInput, "use_of_funds": forms.Textarea(attrs={"rows": 3})}


class CodingForm(DsfrBaseForm, forms.ModelForm):
    """The codes of a budget year, given with the instance, for one académie or for the others."""

    class Meta:
        model = Coding
        fields = ("academy", *CODES)

    def _get_validation_exclusions(self) -> set[str]:
        # The year comes from the address: with it, one coding an académie is checked here.
        return super()._get_validation_exclusions() - {"budget_year"}


class ThirdPartyForm(DsfrBaseForm, forms.ModelForm):
    class Meta:
        model = ThirdParty
        fields = ("code", "service_code")
