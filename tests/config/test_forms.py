"""Forms of the design system: written from templates that are compiled once a process."""

from town_hall.forms.colleagues import ColleagueForm
from town_hall.views.support import SupportForm


def test_all_forms_share_one_engine():
    assert ColleagueForm().renderer is SupportForm().renderer
