"""How a long journey is walked: on the tablet always, on the desktop in the long proofs."""

import pytest

DESKTOP_IN_FULL = pytest.param("desktop", marks=pytest.mark.full)

tablet_first = pytest.mark.parametrize("page", ["tablet", DESKTOP_IN_FULL], indirect=True)
