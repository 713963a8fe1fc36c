"""As whom PostgreSQL runs: it refuses root, so root hands it to an ordinary user.

Where that user may not enter the folder of the checkout, the server keeps one capability of
root's, CAP_DAC_OVERRIDE (Linux only): it may then pass the folders above its own, and is
still nobody who could become root, signal others or bind a port.
"""

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from clinic.embedded.errors import PostgresRefuses


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int
    keeps_way_in: bool = False

    def command(self, *words: object) -> list[str]:
        """`words` as this account would say them."""
        said = [str(word) for word in words]
        if self.uid == os.geteuid():
            return said
        way_in = ["--keep-way-in"] if self.keeps_way_in else []
        helper = Path(__file__).with_name("become.py")
        return [sys.executable, "-I", str(helper), *way_in, str(self.uid), str(self.gid), *said]

    def owns(self, folder: Path) -> None:
        """Make `folder` if need be, and this account's own and only."""
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def can_read(self, path: Path) -> bool:
        return subprocess.run(self.command("/bin/sh", "-c", 'test -r "$0"', path)).returncode == 0


def account_for(data: Path, needs: Path) -> Account:
    """Whoever owns the data; else whoever runs this; for root the checkout's owner or nobody.

    `needs` is a file that the account must be able to read, a program of PostgreSQL.
    """
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise PostgresRefuses(
                f"The database in {data} belongs to {name_of(data.stat().st_uid)}.\n"
                "Start Cicatrix as that user or as root, or use a checkout of your own."
            )
        refuse_nameless(os.geteuid())
        return Account(os.geteuid(), os.getegid())
    account = ordinary_account(data)
    if account.can_read(needs) and account.can_read(data.parent):
        return account
    return Account(account.uid, account.gid, keeps_way_in=True)


def ordinary_account(data: Path) -> Account:
    for path in (data, Path(__file__)):
        if path.exists() and path.stat().st_uid != 0:
            return Account(path.stat().st_uid, path.stat().st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def refuse_nameless(uid: int) -> None:
    if name_of(uid) == str(uid):
        raise PostgresRefuses(
            f"PostgreSQL wants a user with a name, and {uid} has none on this machine.\n"
            "Give it one in /etc/passwd, or set DATABASE_URL to a PostgreSQL of your own."
        )


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
