"""Your own loss: from a formula, or from a Python function of y and f. SymPy is imported when the first one comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .domain import Interval
from .objective import Objective


def from_formula(
    text: str,
    *,
    link: str = "identity",
    target: str | Interval | None = None,
    name: str | None = None,
    curvature: str = "default",
    measured: bool = True,
    **parameters: Any,
) -> Objective:
    """An objective from the formula of its loss: derived, made stable, compiled, and measured against mpmath.

    The text is read by a parser that knows numbers, + - * / **, comparisons, the names below and the functions below, and
    nothing else; it is never run. What the loss is made of is rewritten where a textbook's form loses digits or overflows
    (log(1 + exp(f)), sqrt(1 + x**2) - 1, exp(f) - y ...), differentiated by SymPy, and compiled by the same loops as every
    other objective. The compiled code is then compared with mpmath of the formula as it was written, over scores of every
    size.

    Names: y, the target; f, the raw score, or f0, f1, ... (also f[0], f[1], ...) where a row has several; pi; and the
    parameters. Functions: exp, expm1, log, log1p, sqrt, abs, sign, max, min, where(condition, a, b), choose(place, a, b, ...),
    square, sinh, cosh, tanh, atan, log_cosh, sigmoid, logit, softplus, log_sigmoid, logaddexp, logsumexp, hypot, xlogy, lgamma,
    digamma, erf, erfc, norm_cdf, norm_pdf.

    Parameters
    ----------
    text : str
        The loss of one row, up to 2000 characters.
    link : str
        What the raw score becomes for predictions: "identity", "logit", "log", "softplus" ...
    target : str or Interval, optional
        What a target may be: "[0, 1]", "(0, inf)", "integers in [0, inf)", "{0, 1}", "{-1, 1}", "{0, 1, 2}", "count" ...
        Default: any real number.
    name : str, optional
        What the objective is called, in messages and in a model's record.
    curvature : str
        As for every objective. Which there are is found out: "exact"; "majorized", gradient/residual, where the loss is a
        concave function of the squared residual; "fisher" where the expectation of the Hessian is found; "damped", the size of
        the exact one, where that can be negative and there is neither.
    measured : bool
        Whether the compiled code is compared with mpmath (some seconds, once for each formula in a process).
    **parameters : float, "auto" or boostobj.param(...)
        Values of the other names in the text. One that is positive may only be replaced by positive ones. "auto" is for one in
        the unit of y, which is found out by scaling.

    Returns
    -------
    Objective
        Its repr is a call of this function that gives it again; a pickle of it holds the text. `accuracy` is what was measured,
        in units in the last place.

    Raises
    ------
    boostobj.formulas.parsing.FormulaError
        A ValueError with the position of what is refused.
    ValueError, TypeError
        A parameter without a value or without a place in the text; a link, target or name that is none.

    Warns
    -----
    UserWarning
        The Hessian can be negative (where, and which curvatures there are), or digits are lost (where, and how many).

    >>> o = from_formula("softplus(f) - y*f", link="logit", target="[0, 1]", measured=False)
    >>> o.grad_hess([1.0], [0.0])
    (array([-0.5]), array([0.25]))
    """
    from .formulas.custom import from_formula as made

    return made(text, link=link, target=target, name=name, curvature=curvature, measured=measured, **parameters)


def objective(
    function: Callable[..., Any] | None = None,
    *,
    scores: int = 1,
    link: str = "identity",
    target: str | Interval | None = None,
    curvature: str = "default",
    measured: bool = True,
    **parameters: Any,
) -> Any:
    """An objective from a Python function of its loss; a decorator, with or without arguments.

    The function is called once, with symbols: function(y, f, *, name=value, ...) of NumPy's and SciPy's elementwise functions
    (numpy.exp, numpy.where, scipy.special.expit ...). What it returns is its formula; from there on all is as in `from_formula`.

    Parameters
    ----------
    function : callable
        function(y, f, *, name=default, ...), the loss of one row. With several scores f is a tuple of them.
    scores : int
        How many raw scores a row has, from 1 to 8.
    link, target, curvature, measured
        As for `from_formula`.
    **parameters
        Values in place of the defaults.

    Returns
    -------
    Objective, or a decorator

    Raises
    ------
    TypeError
        What cannot be traced (`if` on a symbol, functions of math): the message has the line and what to write instead.
    ValueError
        As `from_formula`.

    >>> import numpy as np
    >>> @objective(measured=False)
    ... def mine(y, f, *, scale=2.0):
    ...     return scale * np.log(np.cosh((f - y) / scale))
    >>> mine
    from_formula('scale*log(cosh((f - y)/scale))', name='mine', scale=2.0)
    """
    from .formulas.custom import from_function

    def made(function: Callable[..., Any]) -> Objective:
        return from_function(
            function, scores=scores, link=link, target=target, curvature=curvature, measured=measured, **parameters
        )

    return made if function is None else made(function)
