"""Campaigns and conventions, as the rectorat's agents run them.

Lists and pages only read; every change goes through a verb of the models, asked for on
a page that says beforehand what it will do.
"""

from .campaign import CampaignAdmin
from .convention import ConventionAdmin
from .job import JobAdmin
from .journal import JournalEntryAdmin
from .notification import NotificationAdmin
from .pile import PileAdmin
from .school import ConventionSchoolAdmin
from .takeover import SchoolTakeoverAdmin
from .territory import ReviewedDepartmentAdmin, ReviewedPayerAdmin, ReviewedRegionAdmin
from .text import TextPreviewAdmin

__all__ = [
    "CampaignAdmin",
    "ConventionAdmin",
    "ConventionSchoolAdmin",
    "JobAdmin",
    "JournalEntryAdmin",
    "NotificationAdmin",
    "PileAdmin",
    "ReviewedDepartmentAdmin",
    "ReviewedPayerAdmin",
    "ReviewedRegionAdmin",
    "SchoolTakeoverAdmin",
    "TextPreviewAdmin",
]
