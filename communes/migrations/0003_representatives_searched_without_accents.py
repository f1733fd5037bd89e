from django.db import migrations

from tabular.folding import fold


def write_representatives(apps, schema_editor):
    """Have a search find who represents a collectivity, typed without accents."""
    collectivities = apps.get_model("communes", "Collectivity").objects
    named = collectivities.exclude(representative_last_name="").order_by("pk")
    for collectivity in named.iterator(chunk_size=500):
        names = f"{collectivity.representative_first_name} {collectivity.representative_last_name}"
        words = f"{fold(collectivity.name)} {collectivity.code} {collectivity.siren} {fold(names)}"
        collectivities.filter(pk=collectivity.pk).update(search_text=words.strip()[:400])


class Migration(migrations.Migration):
    dependencies = [("communes", "0002_dated_representatives")]

    operations = [migrations.RunPython(write_representatives, migrations.RunPython.noop)]
