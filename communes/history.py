"""The history of a row in the admin site, in the words of its forms."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from simple_history.models import ModelChange
from simple_history.template_utils import HistoricalRecordContextHelper


class HistoryContext(HistoricalRecordContextHelper):
    def prepare_delta_change_value(self, change: ModelChange, value: Any) -> Any:
        """Show a choice by its label ("mairie"), yes and no in French."""
        field = self.model._meta.get_field(change.field)
        if field.choices:
            return dict(field.flatchoices).get(value, value)
        if isinstance(value, bool):
            return "oui" if value else "non"
        return super().prepare_delta_change_value(change, value)


class HistoryAdmin(SimpleHistoryAdmin):
    """A ModelAdmin whose history page tells every change in French."""

    def get_historical_record_context_helper(
        self, request: HttpRequest, historical_record: Model
    ) -> HistoryContext:
        return HistoryContext(self.model, historical_record)
