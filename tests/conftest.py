"""What holds for every test: no setting of the one who runs it, and no clock in judgement."""

import os

from hypothesis import HealthCheck, settings

for name in [name for name in os.environ if name.startswith("BOT_")]:
    del os.environ[name]

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
