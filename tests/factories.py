"""Functions that make what a test needs, with plain, dull defaults: name only what matters."""

from itertools import count

from clinic.staff.models import User
from clinic.staff.roles import Role

numbers = count(1)
PASSWORD = "a long enough password"


def make_user(*roles: Role | str, **fields) -> User:
    """Somebody who can sign in with PASSWORD; a clinician unless told otherwise."""
    number = next(numbers)
    fields = {"email": f"person{number}@clinic.example", "name": f"Person {number}", **fields}
    password = fields.pop("password", PASSWORD)
    return User.objects.create_user(
        password=password, roles=[Role(role).value for role in roles or (Role.CLINICIAN,)], **fields
    )
