import pytest

# The kit is no test module by its name, and shall still say what it compared.
for part in ("kit", "kit_pages", "kit_rows", "kit_answers", "kit_polls"):
    pytest.register_assert_rewrite(f"tests.unit.providers.{part}")
