import pytest

# What it finds is shown as if it were asserted in a test.
pytest.register_assert_rewrite("tests.read.hostile")
