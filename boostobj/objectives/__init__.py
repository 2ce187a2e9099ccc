"""The objectives, one class each, grouped by target. Importing this registers them."""

from . import (
    classification,
    costs,
    counts,
    distributions,
    imbalance,
    margins,
    multiclass,
    ordinal,
    quantiles,
    ranking,
    regression,
    robust,
    survival,
)
from .classification import *
from .costs import *
from .counts import *
from .distributions import *
from .imbalance import *
from .margins import *
from .multiclass import *
from .ordinal import *
from .quantiles import *
from .ranking import *
from .regression import *
from .robust import *
from .survival import *

__all__: list[str] = []
__all__ += classification.__all__
__all__ += costs.__all__
__all__ += counts.__all__
__all__ += distributions.__all__
__all__ += imbalance.__all__
__all__ += margins.__all__
__all__ += multiclass.__all__
__all__ += ordinal.__all__
__all__ += quantiles.__all__
__all__ += ranking.__all__
__all__ += regression.__all__
__all__ += robust.__all__
__all__ += survival.__all__
