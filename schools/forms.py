"""Options of the schools' import on screen."""

from django import forms

from tabular.forms import ConfirmImportForm, ImportForm


class SchoolImportForm(ImportForm):
    partial = forms.BooleanField(
        label="Ce fichier est partiel",
        required=False,
        help_text="L'absence d'une école n'y veut rien dire : aucune fermeture n'est proposée.",
    )


class ConfirmSchoolImportForm(ConfirmImportForm):
    partial = forms.BooleanField(required=False, widget=forms.HiddenInput)
