"""Load the catalogue's data files: `manage.py load_catalogue [FOLDER]`."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from clinic.catalogue import services
from clinic.catalogue.errors import CatalogueRefused, EditedByTheClinic
from clinic.catalogue.files import DATA


class Command(BaseCommand):
    help = (
        "Load the catalogue's data files into the tables and publish them. A second run changes "
        "nothing; a file with anything wrong in it changes nothing either."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, default=DATA)
        parser.add_argument(
            "--overwrite",
            action="store_true",
            help="put the files' rows in place of those that the clinic has edited",
        )

    def handle(self, *, folder, overwrite, **options):
        try:
            version = services.load(folder, overwrite=overwrite, step=self.bar)
        except CatalogueRefused as refusal:
            for line in refusal.lines:
                self.stderr.write(line)
            count = len(refusal.lines)
            raise CommandError(
                f"{count} {'fault' if count == 1 else 'faults'}: nothing was changed."
            ) from refusal
        except EditedByTheClinic as kept:
            self.stdout.write(str(kept))
            return
        self.stdout.write(f"{version}, {version.hash[:12]}, is in force.")

    def bar(self, sections):
        """Drawn on a terminal only, and to stderr, so that the report can be piped."""
        return tqdm(sections, "Catalogue", file=self.stderr, disable=not self.stderr.isatty())
