from django.db import migrations

from tabular.folding import fold


def write_search_texts(apps, schema_editor):
    """Have a search find a collectivity by its SIRET too, in the one text."""
    collectivities = apps.get_model("communes", "Collectivity").objects
    changed = []
    for row in collectivities.order_by("pk").iterator(chunk_size=1000):
        names = f"{row.representative_first_name} {row.representative_last_name}"
        text = fold(f"{row.name} {row.code} {row.siret or row.siren} {names}")[:400]
        if row.search_text != text:
            row.search_text = text
            changed.append(row)
    collectivities.bulk_update(changed, ["search_text"], batch_size=500)


def lower_codes(apps, schema_editor):
    """A code of Corse has a letter, which a folded word writes small."""
    communes = apps.get_model("communes", "Commune").objects
    changed = []
    for row in communes.order_by("pk").iterator(chunk_size=1000):
        text = fold(f"{row.name} {row.code} {row.siren} {row.postcodes}")[:300]
        if row.search_text != text:
            row.search_text = text
            changed.append(row)
    communes.bulk_update(changed, ["search_text"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("communes", "0003_representatives_searched_without_accents")]

    operations = [
        migrations.RunPython(write_search_texts, migrations.RunPython.noop),
        migrations.RunPython(lower_codes, migrations.RunPython.noop),
    ]
