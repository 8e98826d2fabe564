"""Complaints about a configuration: msgspec's messages turned into the key as it stands in the file, what is wrong with
it, and what is allowed, read from the types.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import inspect

from ratings import locating

# How a complaint begins: the heading of a list or a section, or a key above all sections; then the key, if any.
_WHERE = re.compile(
    r"(?:\[\[(?P<list>[\w.]+)\]\](?: number (?P<number>\d+))?|\[(?P<section>\w+)\]|(?P<top>role|the file))"
    r"(?: (?P<key>\w+)[^:]*)?: (?:unknown key '(?P<unknown>[^']*)')?"
)


def explain(message: str, root: type[Any]) -> str:
    """Turn msgspec's message into: the key as it stands in the file, what is wrong, what is allowed."""
    what, _, where = message.partition(" - at `$")
    steps = [step for step in re.sub(r"\[[^]]*\]", ".[]", where.rstrip("`")).split(".") if step]
    what = re.sub("Expected `str` matching .*", "not in a form that is allowed", what)
    what = what.replace("Object contains unknown field ", "unknown key ").replace(" | null", "").replace("`", "'")
    if steps and what == "unknown key 'role'":
        what += ", which stands above the first heading"
    return f"{_key(steps, root)}: {what}; allowed: {_allowed(steps, root)}"


def line(complaint: str, text: str, number: int | None = None) -> int | None:
    """The line of a file's text that a complaint is about; None where none is.

    `number` is which item of a list, from 0, where the complaint does not say.
    """
    where = _WHERE.match(complaint)
    if where is None:
        return None
    path: locating.Path = tuple((where["list"] or where["section"] or "").split("."))
    if where["top"]:
        path = () if where["unknown"] else (where["top"],)
    if where["list"] and (where["number"] or number is not None):
        path = (*path, int(where["number"]) - 1 if where["number"] else number or 0)
    last = where["unknown"] or where["key"]
    return locating.line_of(locating.spots(text), (*path, last) if last else path)


def _key(steps: list[str], root: type[Any]) -> str:
    """The section as it is headed in the file, and the key in it."""
    if not steps:
        return "the file"
    # A list of sections has two brackets; whatever comes before it is part of its name.
    for count in range(1, len(steps) + 1):
        if isinstance(_find(steps[:count], root), inspect.ListType) and isinstance(
            _find([*steps[:count], "[]"], root), inspect.StructType
        ):
            return " ".join([f"[[{'.'.join(steps[:count])}]]", *(step for step in steps[count:] if step != "[]")])
    if not isinstance(_find(steps[:1], root), inspect.StructType):
        return steps[0]
    return " ".join([f"[{steps[0]}]", *(step for step in steps[1:] if step != "[]")])


def _allowed(steps: list[str], root: type[Any]) -> str:
    return _describe(_find(steps, root))


def _find(steps: list[str], root: type[Any]) -> inspect.Type:
    """What a key may be, read from the types; of a key that there is not, what its section has."""
    node: inspect.Type = inspect.type_info(root)
    for step in steps:
        if isinstance(node, inspect.StructType):
            found = {each.encode_name: each.type for each in node.fields}.get(step)
            if found is None:
                break
            node = found
        elif isinstance(node, inspect.ListType):
            node = node.item_type
        elif isinstance(node, inspect.DictType):
            node = node.value_type
        if isinstance(node, inspect.UnionType):
            node = next(each for each in node.types if not isinstance(each, inspect.NoneType))
    return node


def _describe(node: inspect.Type) -> str:
    match node:
        case inspect.Metadata(extra_json_schema={"description": str(described)}):
            return described
        case inspect.StructType(fields=fields):
            return ", ".join(each.encode_name for each in fields)
        case inspect.LiteralType(values=values):
            return ", ".join(str(value) for value in values)
        case inspect.IntType(ge=low, le=high) | inspect.FloatType(ge=low, le=high):
            kind = "a whole number" if isinstance(node, inspect.IntType) else "a number"
            return kind if low is None else f"{kind} from {low} to {high}"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType(max_length=most) if most is not None:
            return f"a text of at most {most} characters"
        case inspect.ListType(item_type=item, min_length=least, max_length=most):
            return f"a list of {least or 0} to {most}, each {_describe(item)}"
        case inspect.UnionType(types=types):
            return " or ".join(_describe(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.DictType(value_type=value):
            return f"a table from language to {_describe(value)}"
        case _:
            return "a text"
