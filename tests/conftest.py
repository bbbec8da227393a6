"""Settings and inputs that all tests share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # dm-clrs imports TensorFlow

import jax
import pytest
from hypothesis import HealthCheck, settings

jax.config.update("jax_platforms", "cpu")
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
