from accounts.models.access import AccessEntry
from accounts.models.limits import Counter, Failures
from accounts.models.review import AccessReview
from accounts.models.user import DEMONSTRATION_DOMAIN, User

__all__ = [
    "DEMONSTRATION_DOMAIN",
    "AccessEntry",
    "AccessReview",
    "Counter",
    "Failures",
    "User",
]
