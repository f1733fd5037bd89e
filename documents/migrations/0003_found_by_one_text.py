from django.db import migrations, models

from tabular.folding import fold


def write_search_texts(apps, schema_editor):
    """Write once what documents are found by; their rows then change no more."""
    documents = apps.get_model("documents", "Document").objects
    with schema_editor.connection.cursor() as cursor:
        _set_triggers(schema_editor, cursor, "DISABLE")
        cursor.execute(
            "UPDATE documents_document SET search_text = LOWER(REPLACE(reference, '-', ' ')) "
            "WHERE original_name = '' AND reference <> ''"
        )
        named = documents.exclude(original_name="").only("reference", "original_name")
        changed = []
        for row in named.order_by("pk").iterator(chunk_size=1000):
            row.search_text = fold(f"{row.reference} {row.original_name}")[:400]
            changed.append(row)
        documents.bulk_update(changed, ["search_text"], batch_size=500)
        _set_triggers(schema_editor, cursor, "ENABLE")


def _set_triggers(schema_editor, cursor, wanted):
    """What was issued does not change: only PostgreSQL keeps that trigger during a migration."""
    if schema_editor.connection.vendor == "postgresql":
        cursor.execute(f"ALTER TABLE documents_document {wanted} TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("documents", "0002_in_the_order_of_its_list")]

    operations = [
        migrations.AddField(
            model_name="document",
            name="search_text",
            field=models.CharField(default="", editable=False, max_length=400),
        ),
        migrations.RunPython(write_search_texts, migrations.RunPython.noop),
    ]
