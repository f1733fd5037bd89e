from django.db import migrations


class Migration(migrations.Migration):
    """Views and columns are kept for lists beside the agents' too: their tables go to tabular."""

    dependencies = [("lists", "0001_assignments_views_and_columns")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterModelTable("savedview", "tabular_savedview"),
                migrations.AlterModelTable("chosencolumns", "tabular_chosencolumns"),
            ],
            state_operations=[
                migrations.DeleteModel("SavedView"),
                migrations.DeleteModel("ChosenColumns"),
            ],
        )
    ]
