from django.db import migrations, models

# As `conventions.models.searched` keeps it from here on.
FILL = """
UPDATE conventions_convention SET search_text = (
    SELECT LOWER(conventions_convention.reference) || ' ' || c.search_text
    FROM communes_collectivity c WHERE c.id = conventions_convention.collectivity_id)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("communes", "0004_siret_in_search_text"),
        ("conventions", "0005_tariff_applied"),
    ]

    operations = [
        migrations.AddField(
            model_name="convention",
            name="search_text",
            field=models.CharField(default="", editable=False, max_length=440),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
