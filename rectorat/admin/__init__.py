"""Campaigns and conventions, as the rectorat's agents run them.

Lists and pages only read; every change goes through a verb of the models, asked for on
a page that says beforehand what it will do.
"""

from rectorat.admin.campaign import CampaignAdmin
from rectorat.admin.convention import ConventionAdmin
from rectorat.admin.enrolment import EnrolmentAdmin
from rectorat.admin.job import JobAdmin
from rectorat.admin.journal import JournalEntryAdmin
from rectorat.admin.mail import KeptNotificationAdmin
from rectorat.admin.reread import RereadCommuneAdmin, RereadSchoolAdmin, RereadUserAdmin
from rectorat.admin.text import TextPreviewAdmin
from rectorat.territory.invitations import AskedInvitationAdmin
from rectorat.territory.mayors import ProposedMayorAdmin
from rectorat.territory.payers import (
    ReviewedDepartmentAdmin,
    ReviewedPayerAdmin,
    ReviewedRegionAdmin,
)

__all__ = [
    "AskedInvitationAdmin",
    "CampaignAdmin",
    "ConventionAdmin",
    "EnrolmentAdmin",
    "JobAdmin",
    "JournalEntryAdmin",
    "KeptNotificationAdmin",
    "ProposedMayorAdmin",
    "RereadCommuneAdmin",
    "RereadSchoolAdmin",
    "RereadUserAdmin",
    "ReviewedDepartmentAdmin",
    "ReviewedPayerAdmin",
    "ReviewedRegionAdmin",
    "TextPreviewAdmin",
]
