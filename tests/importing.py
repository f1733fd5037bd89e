"""Imports as a person does them: previewed, ticked, confirmed."""

from django.core.files.uploadedfile import SimpleUploadedFile


def accept(importing, content, *keys, **options):
    """Import a file with the kinds of change `keys` of its preview; all of them by default."""
    kinds = importing(content, dry_run=True, **options).kinds
    tokens = [kind.token for kind in kinds if not keys or kind.key in keys]
    return importing(content, accepted=tokens, **options)


def held(report):
    """The kinds held back, with the reason told."""
    return {kind.key: kind.held for kind in report.kinds if kind.held}


def upload(client, url, content, name="fichier.csv", **options):
    """Return the preview of a file."""
    return client.post(url, {"file": SimpleUploadedFile(name, content), **options})


def confirm(client, url, preview, *keys, **options):
    """Confirm a preview with what is ticked, and the kinds `keys` beside; return the report."""
    confirmed = dict(preview.context["confirm_form"].initial)
    kinds = preview.context["report"].kinds
    confirmed["accepted"] += [kind.token for kind in kinds if kind.key in keys and kind.held]
    return client.post(url, confirmed | options, follow=True)
