"""What the worker does for batches; may be killed and done again."""

from billing.batches import files
from billing.models import Batch


def write_files(batch_id: int) -> None:
    """Write the files of a batch, those that are not there yet."""
    files.write_files(Batch.objects.select_related("campaign__region", "made_by").get(pk=batch_id))


def write_missing_files() -> None:
    """Write the files of batches whose task was lost."""
    for batch in Batch.objects.without_files():
        write_files(batch.pk)
