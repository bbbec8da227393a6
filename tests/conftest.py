"""Settings and inputs that all tests share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # dm-clrs imports TensorFlow

import jax
import pytest
from hypothesis import HealthCheck, settings

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 1)  # dm-clrs can do with no more
settings.register_profile(
    "mindgap",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("mindgap")


@pytest.fixture
def key():
    return jax.random.key(0)


@pytest.fixture(scope="module", autouse=True)
def forget_what_was_compiled():
    """Programs compiled for one file are of no use to the next, and fill memory."""
    yield
    jax.clear_caches()
