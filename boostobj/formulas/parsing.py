"""From text to an expression, through a list of what is allowed. Nothing of the text is ever run.

Python's own parser makes a tree of the text; every node of the tree is looked up in a table, and what the table lacks is
refused with its position.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import re
from collections.abc import Iterable
from typing import Any, NoReturn

import sympy

from .formula import Formula, symbol
from .functions import CONSTANTS, FUNCTIONS

LONGEST = 2000
"""Characters in a formula."""
DEEPEST = 60
"""Brackets and operators within each other."""
HIGHEST = 64
"""The largest power that is a number."""
MOST_SCORES = 8

_BINARY = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_COMPARED = {ast.Lt: sympy.Lt, ast.LtE: sympy.Le, ast.Gt: sympy.Gt, ast.GtE: sympy.Ge, ast.Eq: sympy.Eq, ast.NotEq: sympy.Ne}
_SCORE = re.compile(r"f[0-9]")
_WORDS = {
    ast.Attribute: "an attribute",
    ast.Lambda: "a lambda",
    ast.BitXor: "^ (a power is written **)",
    ast.Subscript: "[...] after anything but f",
    ast.JoinedStr: "text",
    ast.Starred: "*",
    ast.NamedExpr: ":=",
    ast.IfExp: "if ... else (a piece is written where(condition, a, b))",
    ast.Await: "await",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.MatMult: "@",
    ast.BitOr: "| (written or)",
    ast.BitAnd: "& (written and)",
}


class FormulaError(ValueError):
    """A formula that is refused; `position` is the character, from 0, where the offence begins."""

    def __init__(self, message: str, text: str, position: int) -> None:
        shown = text if len(text) <= 100 else text[max(position - 50, 0) : position + 50]
        place = position if len(text) <= 100 else position - max(position - 50, 0)
        line = shown.replace("\n", " ")
        super().__init__(f"formula: {message}, at character {position}:\n    {line}\n    {' ' * place}^")
        self.position = position


def parsed(text: str, parameters: Iterable[str] = ()) -> Formula:
    """The loss that a text says.

    Parameters
    ----------
    text : str
        Numbers, + - * / **, comparisons with and, or, not, brackets, the target y, the raw score f (or f0, f1, ... also
        written f[0], f[1], ...), the parameters, pi, and the functions of `boostobj.formulas.functions`.
    parameters : names of other numbers

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        Anything else in the text, with its position; more than 2000 characters; a power above 64.
    TypeError
        The formula or a name is no text.
    ValueError
        A parameter has a name that means something else, or is not in the formula.
    """
    names = checked_names(parameters)
    loss = expression(text, names)
    unused = [name for name in names if symbol(name) not in loss.free_symbols]
    if unused:
        raise ValueError(f"formula: the parameter {unused[0]!r} is not in {text!r}")
    count = _score_count(loss, text)
    scores = (symbol("f"),) if count == 1 else tuple(symbol(f"f{j}") for j in range(count))
    return Formula(loss, (symbol("y"),), scores, {name: symbol(name) for name in names})


def expression(text: str, parameters: Iterable[str] = ()) -> sympy.Expr:
    """What a text says, which need not be a loss: a gradient, say; as `parsed`, but any of the names may be missing in it."""
    if not isinstance(text, str):
        raise TypeError(f"a formula is text, got {type(text).__name__}")
    if len(text) > LONGEST:
        raise FormulaError(f"it has {len(text)} characters, at most {LONGEST} are read", text, LONGEST)
    if not text.strip():
        raise FormulaError("it is empty", text, 0)
    if not text.isascii():
        at = next(i for i, c in enumerate(text) if not c.isascii())
        raise FormulaError(f"{text[at]!r} is no character of a formula", text, at)
    return _Reader(text, checked_names(parameters)).read()


def checked_names(parameters: Iterable[str]) -> tuple[str, ...]:
    """Names of parameters that mean nothing else."""
    names = tuple(parameters)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"formula: the name of a parameter is text, got {name!r}")
        taken = name in FUNCTIONS or name in CONSTANTS or name in ("y", "f", "curvature", "link", "target", "name", "text")
        if taken or _SCORE.fullmatch(name):
            raise ValueError(f"formula: {name!r} means something else, and cannot name a parameter")
        if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name.startswith("_") or len(name) > 40:
            raise ValueError(f"formula: the name of a parameter is a word of letters, digits and _, got {name!r}")
    return names


def _score_count(loss: sympy.Expr, text: str) -> int:
    used = {s.name for s in loss.free_symbols if s.name == "f" or _SCORE.fullmatch(s.name)}
    if not used:
        raise ValueError(f"formula: the raw score f is not in {text!r}: there is nothing to learn")
    if "f" in used and len(used) > 1:
        raise ValueError(f"formula: one raw score is f, several are f0, f1, ...; {text!r} has both")
    if used == {"f"}:
        return 1
    count = 1 + max(int(name[1:]) for name in used)
    missing = [f"f{j}" for j in range(count) if f"f{j}" not in used]
    if missing or count < 2 or count > MOST_SCORES:
        raise ValueError(
            f"formula: several raw scores are f0, f1, ... without a gap, 2 to {MOST_SCORES} of them; {text!r} has"
            f" {', '.join(sorted(used))}"
        )
    return count


class _Reader:
    def __init__(self, text: str, parameters: tuple[str, ...]) -> None:
        self.text, self.parameters = text, parameters
        self.flat = text.replace("\n", " ").replace("\r", " ").replace("\t", " ").replace("\f", " ")

    def read(self) -> sympy.Expr:
        depth = most = 0
        for i, c in enumerate(self.flat):
            depth += (c in "([") - (c in ")]")
            most = max(most, depth)
            if most > DEEPEST:
                raise FormulaError(f"more than {DEEPEST} brackets within each other", self.text, i)
        lead = len(self.flat) - len(self.flat.lstrip())
        self.lead = lead
        try:
            tree = ast.parse(self.flat.strip(), "<formula>", "eval").body
        except SyntaxError as error:
            at = lead + error.offset - 1 if error.offset else len(self.flat.rstrip())  # at its end Python names no place
            raise FormulaError(f"cannot be read ({error.msg})", self.text, min(at, len(self.text))) from None
        except (RecursionError, MemoryError, ValueError) as error:
            raise FormulaError(f"cannot be read ({error})", self.text, 0) from None
        found = self.value(tree, 0)
        if found.has(sympy.zoo, sympy.oo, -sympy.oo, sympy.nan, sympy.I):
            words = "part of it is no finite real number (a division by 0? a root of a negative number?)"
            raise FormulaError(words, self.text, 0)
        return found

    def refuse(self, node: Any, message: str) -> NoReturn:
        raise FormulaError(message, self.text, self.lead + getattr(node, "col_offset", 0))

    def value(self, node: ast.AST, depth: int) -> sympy.Expr:
        if depth > 4 * DEEPEST:
            self.refuse(node, f"more than {4 * DEEPEST} operators within each other")
        if isinstance(node, ast.Constant):
            return self.number(node)
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self.value(node.operand, depth + 1)
            return -inner if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp):
            return self.operation(node, depth)
        if isinstance(node, ast.Call):
            return self.call(node, depth)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "f":
            place = node.slice
            if isinstance(place, ast.Constant) and type(place.value) is int and 0 <= place.value < MOST_SCORES:
                return symbol(f"f{place.value}")
            self.refuse(place, f"the place of a raw score is a whole number from 0 to {MOST_SCORES - 1}")
        if isinstance(node, (ast.Compare, ast.BoolOp)) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
            self.refuse(node, "a comparison belongs in the first place of where(condition, a, b)")
        self.refuse(node, f"{self.called(node)} is not part of a formula")

    def called(self, node: ast.AST) -> str:
        return _WORDS.get(type(node), type(node).__name__)

    def number(self, node: ast.Constant) -> sympy.Expr:
        value = node.value
        if type(value) is int and abs(value) < 10**18:
            return sympy.Integer(value)
        if type(value) is float and abs(value) < 1e308:
            end = node.end_col_offset
            assert end is not None
            written = self.flat[self.lead + node.col_offset : self.lead + end].replace("_", "")
            return sympy.Rational(written)
        self.refuse(node, f"{str(value)[:20]!r} is no number of a formula (below 1e18 whole, below 1e308 with a point)")

    def name(self, node: ast.Name) -> sympy.Expr:
        name = node.id
        if name in ("y", "f") or name in self.parameters or _SCORE.fullmatch(name):
            return symbol(name)
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in FUNCTIONS:
            self.refuse(node, f"{name} is a function: {name}(...)")
        known = ["y", "f", *self.parameters, *CONSTANTS]
        near = difflib.get_close_matches(name, known + list(FUNCTIONS), 1)
        hint = f", did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
        self.refuse(node, f"{name!r} is not known{hint} (a parameter needs a value: {name}=...)")

    def operation(self, node: ast.BinOp, depth: int) -> sympy.Expr:
        a, b = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
        if isinstance(node.op, ast.Pow):
            if b.is_number and not abs(b) <= HIGHEST:
                self.refuse(node.right, f"a power above {HIGHEST} is refused")
            if a.is_Rational and b.is_Rational and max(abs(a.p), a.q).bit_length() * abs(b) > 4096:
                self.refuse(node, "a number of more than 1000 digits")
            if a == 0 and b.is_number and b < 0:
                self.refuse(node, "a division by 0")
            return a**b
        make = _BINARY.get(type(node.op))
        if make is None:
            at = self.between(node)
            raise FormulaError(f"{self.called(node.op)} is not part of a formula", self.text, at)
        if isinstance(node.op, ast.Div) and b == 0:
            self.refuse(node.right, "a division by 0")
        return make(a, b)

    def between(self, node: ast.BinOp) -> int:
        """Where the operator is."""
        at = self.lead + (node.left.end_col_offset or 0)
        while at < len(self.flat) - 1 and self.flat[at] in " )":
            at += 1
        return at

    def call(self, node: ast.Call, depth: int) -> sympy.Expr:
        if not isinstance(node.func, ast.Name):
            self.refuse(node.func, f"{self.called(node.func)} is not part of a formula: only named functions are called")
        name = node.func.id
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name, FUNCTIONS, 1)
            hint = f", did you mean {near[0]}?" if near else f"; known are {', '.join(FUNCTIONS)}"
            self.refuse(node, f"the function {name!r} is not known{hint}")
        if node.keywords:
            self.refuse(node.keywords[0], "arguments have no names")
        make, least, most = FUNCTIONS[name]
        if not least <= len(node.args) <= most:
            many = str(least) if least == most else f"{least} to {most}"
            self.refuse(node, f"{name} takes {many} arguments, got {len(node.args)}")
        if name == "where":
            return make(self.condition(node.args[0], depth + 1), *(self.value(arg, depth + 1) for arg in node.args[1:]))
        return make(*(self.value(arg, depth + 1) for arg in node.args))

    def condition(self, node: ast.AST, depth: int) -> Any:
        if isinstance(node, ast.Compare):
            sides = [self.value(side, depth + 1) for side in (node.left, *node.comparators)]
            pairs = []
            for op, a, b in zip(node.ops, sides, sides[1:], strict=False):
                if type(op) not in _COMPARED:
                    self.refuse(node, "numbers are compared by < <= > >= == !=")
                pairs.append(_COMPARED[type(op)](a, b))
            return sympy.And(*pairs)
        if isinstance(node, ast.BoolOp):
            join = sympy.And if isinstance(node.op, ast.And) else sympy.Or
            return join(*(self.condition(v, depth + 1) for v in node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return sympy.Not(self.condition(node.operand, depth + 1))
        self.refuse(node, "the first argument of where is a comparison")
