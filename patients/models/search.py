"""What somebody types to find a patient, as the database looks for it."""

import datetime as dt
import re

from django.db import models
from django.db.models import Value
from django.db.models.functions import Lower


class _Unaccent(models.Func):
    function = "UNACCENT"
    output_field = models.TextField()


def plain(word: str):
    """As the column `search` is written: small letters without accents."""
    return _Unaccent(Lower(Value(word)))


def spellings(word: str) -> list[str]:
    """The word, and for a name each swap of two letters, which trigrams forgive too little.

    A number is also looked for without its signs, and without a trunk prefix 0; so is a record
    number with letters.
    """
    digits = re.sub(r"\D", "", word)
    if re.fullmatch(r"[-+()/.\d]+", word):
        trunk = [digits[1:]] if digits.startswith("0") and len(digits) > 2 else []
        return [one for one in (word, digits, *trunk) if one]
    if not word.isalpha() or len(word) < 3:
        bare = "".join(sign for sign in word if sign.isalnum())
        return [word, bare] if digits and bare else [word]
    swaps = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
    return [word, *swaps]


BIRTH_DATE_FORMS = ("%Y-%m-%d", "%d-%b-%Y", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y")


def search_words(text: str) -> tuple[list[str], dt.date | None]:
    """The words of a search, and the birth date among them."""
    words, born = [], None
    for word in re.split(r"[\s,;]+", text.strip()):
        if day := _as_date(word):
            born = day
        elif word:
            words.append(word)
    return words, born


def _as_date(word: str) -> dt.date | None:
    for form in BIRTH_DATE_FORMS:
        try:
            return dt.datetime.strptime(word, form).date()
        except ValueError:
            continue
    return None
