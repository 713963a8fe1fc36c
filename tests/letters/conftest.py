import pytest
import time_machine

from tests.letters.making import make_clinic
from tests.scheduling.making import NOW, make_house


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house():
    make_clinic()
    return make_house()
