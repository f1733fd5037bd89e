"""Claims, titres and entries in place of titres alone.

What was exported before becomes batches and titres of the new kind: what the earlier ones did
not copy is taken from the conventions, once, here.
"""

import hashlib

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.math
import documents.storage
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

from documents.storage import document_storage


def convert(apps, schema_editor):
    """Carry the earlier batches over, with their files, and open the claims of their titres."""
    for earlier in apps.get_model("billing", "EarlierBatch").objects.order_by("pk"):
        _convert_batch(apps, earlier)
    _convert_coding(apps)


def _convert_batch(apps, earlier):
    batch = apps.get_model("billing", "Batch").objects.create(
        pk=earlier.pk,
        campaign=earlier.campaign,
        number=earlier.number,
        made_by=earlier.made_by,
        titre_count=earlier.claims,
        school_count=earlier.schools,
        amount=earlier.amount,
    )
    batches = apps.get_model("billing", "Batch").objects.filter(pk=batch.pk)
    batches.update(made_at=earlier.made_at)
    counters = apps.get_model("billing", "Counter").objects
    name = f"lots {earlier.campaign.start_year}"
    number = max(earlier.number, getattr(counters.filter(pk=name).first(), "value", 0))
    counters.update_or_create(name=name, defaults={"value": number})
    storage = document_storage()
    for kind in ("csv", "xlsx"):
        stored = getattr(earlier, kind).name
        if storage.exists(stored):
            with storage.open(stored) as file:
                content = file.read()
            apps.get_model("billing", "BatchFile").objects.create(
                batch=batch,
                kind=kind,
                file=stored,
                sha256=hashlib.sha256(content).hexdigest(),
                size=len(content),
            )
    for titre in earlier.titres.order_by("pk"):
        _convert_titre(apps, titre, batch, earlier.made_at.date())


def _convert_titre(apps, earlier, batch, requested_on):
    convention = earlier.convention
    signed = earlier.amendment or convention
    party = convention.party
    act = signed.act or convention.act
    claim, _ = apps.get_model("billing", "Claim").objects.get_or_create(convention=convention)
    first = claim.titres.order_by("rank").first()
    kind = "initial"
    if earlier.amendment_id and first:
        kind = "reduction" if earlier.amount < 0 else "supplement"
    titles = batch.campaign.signatory_titles.splitlines()
    year = batch.campaign.start_year
    apps.get_model("billing", "Titre").objects.create(
        batch=batch,
        claim=claim,
        rank=claim.titres.count() + 1,
        kind=kind,
        corrects=None if kind == "initial" else first,
        reference=earlier.reference,
        requested_on=requested_on,
        amount=abs(earlier.amount),
        debtor=convention.collectivity,
        debtor_name=convention.collectivity_title,
        siret=party.siret,
        address=", ".join(filter(None, (party.address_line_1, party.address_line_2))),
        postcode=party.postcode,
        city=party.city,
        school_year=f"{year}-{year + 1}",
        convention_reference=convention.reference,
        signed_on=signed.effective_on,
        collectivity_signed_on=signed.collectivity_signed_on,
        region_signed_on=signed.region_signed_on,
        act_reference=act.number or "" if act else "",
        act_executory_on=act.executory_on if act else None,
        school_count=earlier.schools,
        tariff=f"{signed.unit_fee} € par école",
        basis=f"{earlier.schools} x {signed.unit_fee} € = {earlier.amount} €, convention "
        f"{convention.reference}, année scolaire {year}-{year + 1}",
        subject=f"Participation à l'espace numérique de travail des écoles (ENT-École), "
        f"année scolaire {year}-{year + 1}",
        period="",
        parts=[f"A{earlier.amendment.number}" if earlier.amendment_id else ""],
        author_name=f"{batch.campaign.signatory_first_name} {batch.campaign.signatory_last_name}",
        author_capacity=titles[0] if titles else "",
    )


def _convert_coding(apps):
    """The codes that held for every year hold for those in which a batch was made, and this one."""
    codes = apps.get_model("billing", "ChorusSettings").objects.values().first()
    if codes is None:
        return
    del codes["id"]
    years = {batch.made_at.year for batch in apps.get_model("billing", "Batch").objects.all()}
    for year in years | {timezone.localdate().year}:
        budget_year, _ = apps.get_model("coding", "BudgetYear").objects.get_or_create(year=year)
        apps.get_model("coding", "Coding").objects.create(budget_year=budget_year, **codes)


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0001_initial"),
        ('campaigns', '0001_initial'),
        ('communes', '0001_initial'),
        ('conventions', '0001_initial'),
        ('returns', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # PostgreSQL checks keys at the end of the transaction, and alters no table before.
        migrations.RenameModel("Titre", "EarlierTitre"),
        migrations.RenameModel("ExportBatch", "EarlierBatch"),
        # Its index has the name that the new table's takes.
        migrations.AlterField(
            "EarlierTitre",
            "batch",
            models.ForeignKey(
                "billing.EarlierBatch", models.PROTECT, db_index=False, related_name="titres"
            ),
        ),
        migrations.AlterField(
            "EarlierTitre",
            "convention",
            models.ForeignKey("conventions.Convention", models.PROTECT, related_name="+"),
        ),
        migrations.AlterField(
            "EarlierTitre",
            "amendment",
            models.ForeignKey("amendments.Amendment", models.PROTECT, null=True, related_name="+"),
        ),
        migrations.AlterField(
            "EarlierBatch",
            "campaign",
            models.ForeignKey("campaigns.Campaign", models.PROTECT, related_name="+"),
        ),
        migrations.CreateModel(
            name='Counter',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name='compteur')),
                ('value', models.PositiveBigIntegerField(default=0, verbose_name='dernier numéro donné')),
            ],
            options={
                'verbose_name': 'compteur',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='numéro')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='fait le')),
                ('titre_count', models.PositiveIntegerField(verbose_name='titres')),
                ('school_count', models.IntegerField(verbose_name='écoles')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='montant net')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='campaigns.campaign', verbose_name='campagne')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='fait par')),
            ],
            options={
                'verbose_name': 'lot de titres',
                'verbose_name_plural': 'lots de titres',
                'ordering': ['-campaign__start_year', '-number'],
            },
        ),
        migrations.CreateModel(
            name='BatchFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('csv', 'CSV'), ('xlsx', 'XLSX'), ('pdf', 'bordereau (PDF)')], max_length=5, verbose_name='nature')),
                ('file', models.FileField(max_length=200, storage=documents.storage.document_storage, upload_to='', verbose_name='fichier')),
                ('sha256', models.CharField(max_length=64, verbose_name='empreinte SHA-256')),
                ('size', models.PositiveBigIntegerField(verbose_name='taille en octets')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='écrit le')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='billing.batch', verbose_name='lot')),
            ],
            options={
                'verbose_name': "fichier d'un lot",
                'verbose_name_plural': "fichiers d'un lot",
                'ordering': ['batch', 'kind'],
            },
        ),
        migrations.CreateModel(
            name='BatchOutcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('sent', 'transmis au comptable'), ('withdrawn', 'retiré')], max_length=10, verbose_name='ce qui en a été fait')),
                ('on', models.DateField(verbose_name='le')),
                ('reason', models.TextField(blank=True, verbose_name='motif')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='enregistré le')),
                ('batch', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='outcome', to='billing.batch', verbose_name='lot')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='enregistré par')),
            ],
            options={
                'verbose_name': "suite d'un lot",
                'verbose_name_plural': "suites d'un lot",
                'ordering': ['batch'],
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cancel_reason', models.TextField(blank=True, verbose_name="motif de l'annulation")),
                ('convention', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='claim', to='conventions.convention', verbose_name='convention')),
            ],
            options={
                'verbose_name': 'créance',
                'ordering': ['convention__collectivity__search_text', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='DebtorChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField(verbose_name='motif')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='décidé le')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='décidé par')),
                ('claim', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debtor_changes', to='billing.claim', verbose_name='créance')),
                ('collectivity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communes.collectivity', verbose_name='débiteur')),
            ],
            options={
                'verbose_name': 'changement de débiteur',
                'verbose_name_plural': 'changements de débiteur',
                'ordering': ['claim', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Titre',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('nature_de_recette', models.CharField(blank=True, max_length=50, verbose_name='nature de recette')),
                ('fonds', models.CharField(blank=True, max_length=50, verbose_name='fonds')),
                ('centre_financier', models.CharField(blank=True, max_length=50, verbose_name='centre financier')),
                ('domaine_fonctionnel', models.CharField(blank=True, max_length=50, verbose_name='domaine fonctionnel')),
                ('centre_de_couts', models.CharField(blank=True, max_length=50, verbose_name='centre de coûts')),
                ('compte_pce', models.CharField(blank=True, max_length=50, verbose_name='compte PCE')),
                ('activite', models.CharField(blank=True, max_length=50, verbose_name='activité')),
                ('rank', models.PositiveSmallIntegerField(verbose_name='rang')),
                ('kind', models.CharField(choices=[('initial', 'titre initial'), ('supplement', 'complément'), ('reduction', 'réduction'), ('cancellation', 'annulation')], max_length=15, verbose_name='nature')),
                ('reference', models.CharField(max_length=40, unique=True, verbose_name='référence')),
                ('requested_on', models.DateField(verbose_name='demandé le')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='montant')),
                ('debtor_name', models.CharField(max_length=220, verbose_name='nom du débiteur')),
                ('siret', models.CharField(max_length=14, verbose_name='SIRET')),
                ('address', models.CharField(max_length=400, verbose_name='adresse')),
                ('postcode', models.CharField(max_length=10, verbose_name='code postal')),
                ('city', models.CharField(max_length=100, verbose_name='commune')),
                ('insee_code', models.CharField(blank=True, max_length=5, verbose_name='code INSEE')),
                ('third_party_code', models.CharField(blank=True, max_length=50, verbose_name='code tiers Chorus')),
                ('service_code', models.CharField(blank=True, max_length=50, verbose_name='code service Chorus')),
                ('school_year', models.CharField(max_length=9, verbose_name='année scolaire')),
                ('convention_reference', models.CharField(max_length=30, verbose_name='référence de la convention')),
                ('signed_on', models.DateField(verbose_name='date de la dernière signature')),
                ('collectivity_signed_on', models.DateField(null=True, verbose_name='signée par la collectivité le')),
                ('region_signed_on', models.DateField(null=True, verbose_name='signée par la région académique le')),
                ('act_reference', models.CharField(max_length=200, verbose_name="référence de l'acte")),
                ('act_executory_on', models.DateField(null=True, verbose_name='acte exécutoire le')),
                ('school_count', models.IntegerField(verbose_name="nombre d'écoles")),
                ('schools', models.JSONField(default=list, verbose_name='écoles')),
                ('tariff', models.CharField(max_length=200, verbose_name='tarif')),
                ('basis', models.TextField(verbose_name='base de liquidation')),
                ('subject', models.CharField(max_length=400, verbose_name='objet')),
                ('period', models.CharField(max_length=60, verbose_name='période')),
                ('parts', models.JSONField(default=list, verbose_name='parties du dossier')),
                ('author_name', models.CharField(max_length=160, verbose_name="nom de l'ordonnateur")),
                ('author_capacity', models.CharField(max_length=200, verbose_name="qualité de l'ordonnateur")),
                ('reason', models.TextField(blank=True, verbose_name='motif')),
                ('waivers', models.JSONField(default=list, verbose_name='passé outre')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='titres', to='billing.batch', verbose_name='lot')),
                ('claim', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='titres', to='billing.claim', verbose_name='créance')),
                ('corrects', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='billing.titre', verbose_name='titre corrigé')),
                ('debtor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='titres', to='communes.collectivity', verbose_name='débiteur')),
            ],
            options={
                'verbose_name': 'titre de perception',
                'verbose_name_plural': 'titres de perception',
                'ordering': ['batch', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('rejected', 'rejeté'), ('issued', 'émis'), ('taken', 'pris en charge'), ('received', 'encaissement'), ('payment_reversed', 'encaissement annulé'), ('refunded', 'remboursement'), ('reminded', 'relance écrite'), ('contested', 'contestation'), ('decided', 'décision sur la contestation'), ('remitted', 'remise gracieuse'), ('written_off', 'admission en non-valeur')], max_length=20, verbose_name='nature')),
                ('on', models.DateField(verbose_name='date du fait')),
                ('amount', models.DecimalField(decimal_places=2, default=0, max_digits=10, verbose_name='montant')),
                ('effect', models.BigIntegerField(default=0, verbose_name='effet sur le solde, en centimes')),
                ('chorus_number', models.CharField(blank=True, max_length=50, verbose_name='numéro Chorus')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='échéance')),
                ('notified_on', models.DateField(blank=True, null=True, verbose_name='notifié le')),
                ('reason', models.TextField(blank=True, verbose_name='motif')),
                ('decision', models.CharField(blank=True, max_length=200, verbose_name='référence de la décision')),
                ('author', models.CharField(blank=True, max_length=200, verbose_name='auteur de la décision')),
                ('recorded_at', models.DateTimeField(auto_now_add=True, verbose_name='enregistré le')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='enregistré par')),
                ('reverses', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='billing.entry', verbose_name='annule')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='returns.returnrow', verbose_name='ligne du retour')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='account_entries', to='billing.titre', verbose_name='compte')),
                ('titre', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='billing.titre', verbose_name='titre')),
            ],
            options={
                'verbose_name': 'écriture',
                'ordering': ['on', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='claim',
            name='to_cancel',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.titre', verbose_name='titre à annuler'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.UniqueConstraint(fields=('campaign', 'number'), name='batch_number_unique', violation_error_message='Ce numéro de lot existe déjà.'),
        ),
        migrations.AddConstraint(
            model_name='batchfile',
            constraint=models.UniqueConstraint(fields=('batch', 'kind'), name='batch_file_once', violation_error_message='Ce fichier du lot est déjà écrit.'),
        ),
        migrations.AddConstraint(
            model_name='batchoutcome',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'sent'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='batch_withdrawn_has_reason', violation_error_message="Le retrait d'un lot porte son motif."),
        ),
        migrations.AddConstraint(
            model_name='titre',
            constraint=models.UniqueConstraint(fields=('claim', 'rank'), name='titre_rank_unique', violation_error_message="Ce rang est déjà celui d'un autre titre de la créance."),
        ),
        migrations.AddConstraint(
            model_name='titre',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='titre_amount_positive', violation_error_message='Un titre porte un montant supérieur à zéro.'),
        ),
        migrations.AddConstraint(
            model_name='titre',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('corrects__isnull', True), ('kind', 'initial')), models.Q(models.Q(('kind', 'initial'), _negated=True), ('corrects__isnull', False)), _connector='OR'), name='titre_correction_names_another', violation_error_message='Un complément, une réduction ou une annulation désigne le titre corrigé, et eux seulement.'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['account', 'on', 'kind', 'effect'], name='entry_balance'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('chorus_number', ''), _negated=True), fields=['chorus_number'], name='entry_chorus_number'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='entry_amount_not_negative', violation_error_message="Le montant d'une écriture n'est pas négatif."),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('received', 'remitted', 'written_off')), models.Q(('reverses__isnull', False), _negated=True), ('effect', django.db.models.expressions.CombinedExpression(models.Value(-1), '*', django.db.models.functions.comparison.Cast(django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(models.F('amount'), '*', models.Value(100))), models.BigIntegerField())))), models.Q(('kind__in', ('received', 'remitted', 'written_off')), ('reverses__isnull', False), ('effect', django.db.models.expressions.CombinedExpression(models.Value(1), '*', django.db.models.functions.comparison.Cast(django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(models.F('amount'), '*', models.Value(100))), models.BigIntegerField())))), models.Q(('kind__in', ('payment_reversed', 'refunded')), models.Q(('reverses__isnull', False), _negated=True), ('effect', django.db.models.expressions.CombinedExpression(models.Value(1), '*', django.db.models.functions.comparison.Cast(django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(models.F('amount'), '*', models.Value(100))), models.BigIntegerField())))), models.Q(('kind__in', ('payment_reversed', 'refunded')), ('reverses__isnull', False), ('effect', django.db.models.expressions.CombinedExpression(models.Value(-1), '*', django.db.models.functions.comparison.Cast(django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(models.F('amount'), '*', models.Value(100))), models.BigIntegerField())))), models.Q(('kind', 'issued'), models.Q(('effect', django.db.models.functions.comparison.Cast(django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(models.F('amount'), '*', models.Value(100))), models.BigIntegerField())), ('effect', django.db.models.expressions.CombinedExpression(models.Value(-1), '*', django.db.models.functions.comparison.Cast(django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(models.F('amount'), '*', models.Value(100))), models.BigIntegerField()))), _connector='OR')), models.Q(models.Q(('kind__in', ['received', 'remitted', 'written_off', 'payment_reversed', 'refunded', 'issued']), _negated=True), ('effect', 0)), _connector='OR'), name='entry_effect_follows_kind', violation_error_message="L'effet d'une écriture suit de sa nature."),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'issued'), _negated=True), models.Q(('chorus_number', ''), _negated=True), _connector='OR'), name='entry_issued_has_number', violation_error_message='Un titre émis porte son numéro Chorus.'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['remitted', 'written_off']), _negated=True), models.Q(('reason', ''), ('decision', ''), ('author', ''), _connector='OR', _negated=True), _connector='OR'), name='entry_decision_has_author', violation_error_message="Une remise ou une admission en non-valeur porte son motif, sa décision et l'auteur de celle-ci."),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cancel_reason', ''), ('to_cancel__isnull', True)), models.Q(('to_cancel__isnull', False), models.Q(('cancel_reason', ''), _negated=True)), _connector='OR'), name='claim_cancellation_has_reason', violation_error_message='Une annulation porte son motif.'),
        ),
        migrations.RunPython(convert, migrations.RunPython.noop),
        migrations.DeleteModel("EarlierTitre"),
        migrations.DeleteModel("EarlierBatch"),
        migrations.DeleteModel("ChorusSettings"),
    ]
