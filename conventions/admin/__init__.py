"""Campaigns and conventions, as the rectorat's agents run them.

Lists and pages only read; every change goes through a verb of the models, asked for on
a page that says beforehand what it will do.
"""

from conventions.admin.campaign import CampaignAdmin
from conventions.admin.convention import ConventionAdmin
from conventions.admin.job import JobAdmin
from conventions.admin.journal import JournalEntryAdmin
from conventions.admin.notification import NotificationAdmin
from conventions.admin.pile import PileAdmin
from conventions.admin.school import ConventionSchoolAdmin
from conventions.admin.takeover import SchoolTakeoverAdmin
from conventions.admin.territory import (
    ReviewedDepartmentAdmin,
    ReviewedPayerAdmin,
    ReviewedRegionAdmin,
)
from conventions.admin.text import TextPreviewAdmin

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
