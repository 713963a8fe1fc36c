"""`manage.py demo`: a believable clinic to try everything in; plainly invented."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from clinic.catalogue.models import Version
from clinic.scheduling.demo.chapters import CHAPTERS
from clinic.scheduling.demo.house import COLLEAGUES, PASSWORD
from clinic.scheduling.demo.story import HOW_MANY, Story
from clinic.staff.models import User


class Command(BaseCommand):
    help = "Create the demo clinic, if this installation has no people yet."

    def add_arguments(self, parser):
        parser.add_argument(
            "--show-logins", action="store_true", help="Print a log-in per role, do nothing else."
        )

    def handle(self, *, show_logins, **options):
        if not show_logins:
            self._create()
        self._show_logins()

    def _create(self):
        if User.objects.exists():
            self.stderr.write("There are people here already: the demo clinic is not created.")
            return
        if Version.objects.in_force() is None:
            raise CommandError("Load the catalogue first: manage.py load_catalogue")
        with (
            tqdm(total=HOW_MANY, desc="Demo clinic", file=self.stderr, disable=None) as bar,
            transaction.atomic(),
        ):
            counts = Story(timezone.localdate(), bar.update).tell()
            for chapter in CHAPTERS:
                counts |= chapter()
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        self.stdout.write(f"Demo clinic created: {told}.")

    def _show_logins(self):
        for one in COLLEAGUES:
            if User.objects.filter(email=one.email, is_active=True).exists():
                self.stdout.write(f"  {one.role.label:<16} {one.email:<24} {PASSWORD}")
