"""What every test shares."""

import os

from hypothesis import settings

# CI tries the same examples each time, so that a change is judged by what it changes; elsewhere they are drawn afresh
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
