"""People and the journal of their access, as agents look after them."""

from accounts.admin.journal import AccessEntryAdmin
from accounts.admin.people import UserAdmin

__all__ = ["AccessEntryAdmin", "UserAdmin"]
