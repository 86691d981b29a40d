"""YAML nodes to plain values: types, ``${NAME}``, and lines for messages.

The nodes of ``yaml.compose`` are read instead of ``yaml.safe_load``'s values, because only nodes know their lines
and keep a key that is given twice. ``${NAME}`` is replaced after parsing: a variable's text can never become
YAML. The result is marked as ``Text`` and read by its key's kind, so ``${PORT}`` may be a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import yaml
from yaml.constructor import SafeConstructor

from pyproxy.errors import ConfigurationError
from pyproxy.settings.kinds import Text

_VARIABLE = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

_TAG = "tag:yaml.org,2002:"
_CONSTRUCTOR = SafeConstructor()
_TYPED: Mapping[str, Callable[[yaml.ScalarNode], object]] = {
    _TAG + "null": lambda node: None,
    _TAG + "bool": _CONSTRUCTOR.construct_yaml_bool,
    _TAG + "int": _CONSTRUCTOR.construct_yaml_int,
    _TAG + "float": _CONSTRUCTOR.construct_yaml_float,
}
_MOST_BITS = 1024
"""Of a number, written in whatever way, that can be shown in a message: Python writes no numbers of 4300 digits."""

_TEXTS = frozenset({_TAG + "str", _TAG + "timestamp", _TAG + "value", _TAG + "merge"})


def compose(text: str, place: str) -> yaml.Node | None:
    """The root node of one YAML document, ``None`` for an empty one; raises ``ConfigurationError`` with the line."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{place}:{mark.line + 1}" if mark else place
        lines = text.splitlines()[mark.line : mark.line + 1] if mark else []
        reason, suggestion = _syntax_reason(str(error.problem or error.context), lines)
        problem = f"is no valid YAML: {reason}"
    except yaml.YAMLError as error:
        where, problem = place, f"is no valid YAML: {str(error).splitlines()[0]}"
        suggestion = "remove control characters"
    except RecursionError:
        where, problem, suggestion = place, "is nested too deeply", "two or three levels are enough"
    raise ConfigurationError(problem, where=where, suggestion=suggestion)


def _syntax_reason(problem: str, lines: list[str]) -> tuple[str, str]:
    """Why YAML refused a line, and what to do; a value, which may be a password, is not repeated."""
    if "alias" in problem or "anchor" in problem:
        return "found an undefined alias or a wrong anchor", "put a value that begins with * or & in quotes"
    if "\\t" in problem:
        return problem, "indent with blanks, never with tabs"
    if any("${" in line for line in lines):
        return problem, 'inside { } and [ ] put ${NAME} in quotes: "${NAME}"'
    return problem, "look at this line and the one above"


def line_of(node: yaml.Node) -> int:
    """The line where a node begins, counted from 1."""
    return int(node.start_mark.line) + 1


def plain(node: yaml.Node, environ: Mapping[str, str]) -> object:
    """The value of a scalar or of a list of scalars, with its variables replaced.

    Anything deeper comes back as an empty list or dict, which no key accepts. Raises ``ConfigurationError``.
    """
    if isinstance(node, yaml.SequenceNode):
        return [plain(entry, environ) if isinstance(entry, yaml.ScalarNode) else [] for entry in node.value]
    if not isinstance(node, yaml.ScalarNode):
        return {}
    if node.tag in _TEXTS or (node.tag == _TAG + "int" and ":" in node.value):  # 1:30 is no number to people
        return substituted(node.value, environ)
    if node.tag not in _TYPED:
        # The tag is not repeated: it may be a password that begins with "!".
        raise ConfigurationError("has a tag", suggestion="write a plain value; one that begins with ! in quotes")
    try:
        value = _TYPED[node.tag](node)
    except (ValueError, KeyError, IndexError):  # of these, SafeConstructor raises the last for an empty number
        raise ConfigurationError("has the wrong tag", suggestion="write a plain value") from None
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise ConfigurationError("is a number of very many digits", suggestion="write a smaller one")
    return value


def substituted(text: str, environ: Mapping[str, str]) -> str:
    """The text with every ``${NAME}`` replaced; ``$${`` stands for a plain ``${``.

    Of class ``Text`` if anything came from the environment. Raises ``ConfigurationError`` for an unset variable.
    """
    replaced = False

    def replacement(match: re.Match[str]) -> str:
        nonlocal replaced
        if match[1] is None:
            return "${"
        if not match[0].endswith("}") or not _VARIABLE_NAME.fullmatch(match[1]):
            raise ConfigurationError("holds a ${ that is no ${NAME}", suggestion="write $${ for a plain ${")
        if match[1] not in environ:
            raise ConfigurationError(
                f"the environment variable {match[1]} is not set",
                suggestion=f"set {match[1]}, or write $${{{match[1]}}} if no variable is meant",
            )
        replaced = True
        return environ[match[1]]

    result = _VARIABLE.sub(replacement, text)
    return Text(result) if replaced else result
