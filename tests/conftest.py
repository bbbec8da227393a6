"""Settings and inputs that all tests share."""

import gc
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # dm-clrs imports TensorFlow
# Compiling is most of the time of the tests, and XLA spends most of it on code that is
# fast. Other processes that tests start inherit this; `as_users_run` takes it back.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

import jax
import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

# Shapes and types are checked at every call in the modules that state shapes. The
# others, most of the compiler among them, make millions of calls that are quicker than
# a check; pyright has checked their types.
LIBRARY = Path(__file__).parents[1]
SHAPED = [
    ".".join(path.relative_to(LIBRARY).with_suffix("").parts)
    for path in (LIBRARY / "mindgap").rglob("*.py")
    if "from jaxtyping import" in path.read_text("utf-8")
]
install_import_hook(SHAPED, "beartype.beartype")

# What XLA compiles is kept for the whole run: other files, other workers and the
# chapters' processes need much of it again. Compiling is most of the time of a test.
CACHE = Path(__file__).parents[1] / "_build" / "xla"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_platforms", "cpu")
gc.set_threshold(100_000, 50, 50)  # tracing makes many objects, few of them garbage
jax.config.update("jax_num_cpu_devices", 1)  # dm-clrs can do with no more
settings.register_profile(
    "mindgap",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("mindgap")


@pytest.fixture
def as_users_run():
    """XLA's usual optimisations, for a test of the last bits or of what is compiled."""
    jax.clear_caches()
    chosen = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", chosen)
    jax.clear_caches()


@pytest.fixture
def key():
    return jax.random.key(0)


@pytest.fixture(scope="module", autouse=True)
def forget_what_was_compiled():
    """Programs compiled for one file are of no use to the next, and fill memory."""
    yield
    jax.clear_caches()
