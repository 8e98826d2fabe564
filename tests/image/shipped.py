"""What runs on the card alone, and so lies in no package of this project: brought in by its file."""

import importlib.util
import sys
from types import ModuleType
from typing import Any

from image.places import IMAGE


def _brought(name: str) -> Any:
    found = importlib.util.spec_from_file_location(f"shipped_{name}", IMAGE / f"files/usr/lib/fjes/{name}.py")
    assert found is not None
    assert found.loader is not None
    module: ModuleType = importlib.util.module_from_spec(found)
    # Its data classes look for the module by name.
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


update = _brought("update")
