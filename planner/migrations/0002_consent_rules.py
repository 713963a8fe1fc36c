"""What a new clinic starts with; every row is the clinic's to check and to change in the admin."""

from django.db import migrations

RULES = [
    {
        "country": "",
        "guardian_under": 18,
        "note": "Any country: local law may set another age. The safety rule AGE-2 says the same.",
        "verification": "clinic_default",
    },
    {
        "country": "GB",
        "note": "Professional guidance asks for time to reflect and names no number of days.",
        "source": "GMC, Guidance for doctors who offer cosmetic interventions (2016)",
        "verification": "gk",
    },
    {
        "country": "FR",
        "treatments": ["PUNCH", "SUBC", "FAT"],
        "cooling_off_days": 15,
        "note": "Cosmetic surgery: a minimum time between the written quote and the operation. "
        "That it is asked is in the law; the number of days is not verified.",
        "source": "Code de la santé publique, L6322-2",
        "verification": "gk",
    },
]


def fill(apps, schema_editor):
    table = apps.get_model("planner", "ConsentRule")
    if not table.objects.exists():
        table.objects.bulk_create(table(**rule) for rule in RULES)


class Migration(migrations.Migration):
    dependencies = [("planner", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
