import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Of the tables that lists had: they are there, with what was kept in them."""

    dependencies = [
        ("tabular", "0002_reports_as_they_were_said"),
        ("lists", "0002_views_and_columns_to_all_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="ChosenColumns",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("of", models.CharField(max_length=60, verbose_name="liste")),
                        ("names", models.JSONField(default=list, verbose_name="colonnes")),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "colonnes choisies",
                        "verbose_name_plural": "colonnes choisies",
                        "ordering": ["user", "of"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "of"),
                                name="chosen_columns_once",
                                violation_error_message="Ces colonnes sont déjà choisies.",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SavedView",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("of", models.CharField(max_length=60, verbose_name="liste")),
                        ("name", models.CharField(max_length=60, verbose_name="nom de la vue")),
                        (
                            "query",
                            models.CharField(blank=True, max_length=2000, verbose_name="filtres"),
                        ),
                        (
                            "is_shared",
                            models.BooleanField(
                                default=False, verbose_name="montrée à tous les agents"
                            ),
                        ),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="saved_views",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="enregistrée par",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "vue enregistrée",
                        "verbose_name_plural": "vues enregistrées",
                        "ordering": ["name", "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("by", "of", "name"),
                                name="saved_view_named_once",
                                violation_error_message="Vous avez déjà une vue de ce nom.",
                            )
                        ],
                    },
                ),
            ],
        )
    ]
