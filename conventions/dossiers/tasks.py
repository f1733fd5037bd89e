"""What the worker does by itself for files; each task may be killed and done again."""

from django.db import transaction
from django_q.tasks import async_task

from conventions.campaigns.models import Campaign
from conventions.dossiers import outdating, reminders
from conventions.models import Convention


def send_reminders() -> int:
    """Send the reminders that open campaigns schedule; return how many files were reminded."""
    campaigns = Campaign.objects.filter(state=Campaign.State.OPEN)
    return sum(len(reminders.send(reminders.scheduled(campaign)).done) for campaign in campaigns)


def review_documents(after: int = 0) -> None:
    """Mark the documents whose printed facts changed outside of their convention."""
    rest = outdating.review(Convention.objects.all(), after)
    if rest is not None:
        async_task("conventions.dossiers.tasks.review_documents", rest)


def review_soon() -> None:
    """Have a worker do that once what was changed is committed."""
    transaction.on_commit(lambda: async_task("conventions.dossiers.tasks.review_documents"))
