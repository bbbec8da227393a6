"""The deliberate faults fit the library; `python -m tests.faults` runs them."""

import pytest

from tests import faults


def test_there_are_at_least_twenty():
    assert len(faults.faults()) >= 20


@pytest.mark.parametrize("fault", faults.faults(), ids=lambda fault: fault.name)
def test_a_fault_fits_the_library(fault):
    checked = faults.apply(fault, faults.ROOT, "--check")
    assert checked.returncode == 0, f"write {fault.patch.name} again: {checked.stderr}"
    assert fault.says.endswith(".")
    assert fault.caught_by
    for file in fault.caught_by:
        assert (faults.ROOT / file).is_file()
