"""Random schemas, and mutations of which it is known what kind of change they are.

A schema is a tree of plain values that prints as SDL; a mutation changes it in place and returns
the kind it expects, or None where the schema has nothing to change in that way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

SCALARS = ("Int", "String", "Boolean", "ID", "Float")
DEFAULTS = {"Int": ("1", "2"), "String": ('"a"', '"b"'), "Boolean": ("true", "false")}


@dataclass(slots=True)
class Value:
    """An argument or input field."""

    type: str
    default: str | None = None

    def sdl(self, name: str) -> str:
        return f"{name}: {self.type}" + (f" = {self.default}" if self.default else "")

    @property
    def base(self) -> str:
        return self.type.strip("[]!")


@dataclass(slots=True)
class Field:
    type: str
    arguments: dict[str, Value] = field(default_factory=dict)
    note: str = ""
    description: str = ""

    def sdl(self, name: str) -> str:
        given = ", ".join(value.sdl(key) for key, value in self.arguments.items())
        text = f"  {name}{f'({given})' if given else ''}: {self.type} {self.note}".rstrip()
        return f'  "{self.description}"\n{text}' if self.description else text


@dataclass(slots=True)
class Schema:
    """Object types `T…`, inputs `I…`, enums `E…`, unions `U…`, interfaces `F…`, directives `d…`."""

    objects: dict[str, dict[str, Field]] = field(default_factory=dict)
    implements: dict[str, list[str]] = field(default_factory=dict)
    interfaces: dict[str, dict[str, Field]] = field(default_factory=dict)
    inputs: dict[str, dict[str, Value]] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)
    unions: dict[str, list[str]] = field(default_factory=dict)
    directives: dict[str, tuple[dict[str, Value], list[str]]] = field(default_factory=dict)

    def sdl(self, rng: Random) -> str:
        """The schema with its definitions in any order."""
        parts = []
        for name, fields in self.objects.items():
            names = self.implements.get(name, [])
            heading = f"type {name}" + (f" implements {' & '.join(names)}" if names else "")
            inherited = {key: item for of in names for key, item in self.interfaces[of].items()}
            parts.append(_block(heading, [f.sdl(n) for n, f in {**fields, **inherited}.items()]))
        for name, fields in self.interfaces.items():
            parts.append(_block(f"interface {name}", [f.sdl(n) for n, f in fields.items()]))
        for name, values in self.inputs.items():
            parts.append(_block(f"input {name}", [f"  {v.sdl(n)}" for n, v in values.items()]))
        parts += [_block(f"enum {name}", values) for name, values in self.enums.items()]
        parts += [f"union {name} = {' | '.join(of)}" for name, of in self.unions.items()]
        for name, (arguments, places) in self.directives.items():
            given = ", ".join(value.sdl(key) for key, value in arguments.items())
            head = f"directive @{name}{f'({given})' if given else ''}"
            parts.append(f"{head} on {' | '.join(places)}")
        rng.shuffle(parts)
        return "\n\n".join(parts)


def _block(heading: str, lines: list[str]) -> str:
    return "\n".join([f"{heading} {{", *lines, "}"])


def random_schema(rng: Random) -> Schema:
    schema = Schema()
    for index in range(rng.randint(1, 3)):
        schema.enums[f"E{index}"] = [f"V{number}" for number in range(rng.randint(1, 4))]
        schema.inputs[f"I{index}"] = {
            f"i{number}": _value(rng, schema) for number in range(rng.randint(1, 4))
        }
        schema.interfaces[f"F{index}"] = {f"f{index}": _field(rng, schema)}
        places = rng.sample(["FIELD", "QUERY", "FRAGMENT_SPREAD"], rng.randint(1, 3))
        schema.directives[f"d{index}"] = ({"x": _value(rng, schema)}, places)
    for index in range(rng.randint(2, 5)):
        name = "Query" if index == 0 else f"T{index}"
        schema.objects[name] = {
            f"m{number}": _field(rng, schema) for number in range(rng.randint(1, 5))
        }
        count = rng.randint(0, len(schema.interfaces))
        schema.implements[name] = rng.sample(sorted(schema.interfaces), count)
    names = sorted(schema.objects)
    schema.unions["U0"] = rng.sample(names, rng.randint(1, len(names)))
    return schema


def _wrapped(rng: Random, base: str) -> str:
    return rng.choice(["{}", "{}!", "[{}]", "[{}!]", "[{}]!", "[{}!]!"]).format(base)


def _value(rng: Random, schema: Schema) -> Value:
    base = rng.choice([*SCALARS, *schema.enums])
    value = Value(_wrapped(rng, base))
    if base in DEFAULTS and "[" not in value.type and rng.random() < 0.4:
        value.default = rng.choice(DEFAULTS[base])
    return value


def _field(rng: Random, schema: Schema) -> Field:
    base = rng.choice([*SCALARS, *schema.enums, *schema.objects, *schema.interfaces])
    count = rng.randint(0, 2)
    return Field(_wrapped(rng, base), {f"a{i}": _value(rng, schema) for i in range(count)})


Mutation = Callable[[Random, Schema], str | None]


def remove_field(rng: Random, schema: Schema) -> str | None:
    fields = rng.choice(list(schema.objects.values()))
    if len(fields) < 2:
        return None
    del fields[rng.choice(sorted(fields))]
    return "FIELD_REMOVED"


def add_field(rng: Random, schema: Schema) -> str | None:
    schema.objects[rng.choice(sorted(schema.objects))][f"n{rng.random()}"[:6].replace(".", "")] = (
        _field(rng, schema)
    )
    return "FIELD_ADDED"


def change_field_type(rng: Random, schema: Schema) -> str | None:
    chosen = _any_field(rng, schema)
    before = chosen.type
    chosen.type = _wrapped(rng, rng.choice([before.strip("[]!"), rng.choice(SCALARS)]))
    return "FIELD_TYPE_CHANGED" if chosen.type != before else None


def deprecate_field(rng: Random, schema: Schema) -> str | None:
    chosen = _any_field(rng, schema)
    if chosen.note:
        return None
    chosen.note = '@deprecated(reason: "old")'
    return "FIELD_DEPRECATION_ADDED"


def describe_field(rng: Random, schema: Schema) -> str | None:
    chosen = _any_field(rng, schema)
    if chosen.description:
        return None
    chosen.description = 'type Query { "not a definition'.replace('"', "'")
    return "FIELD_DESCRIPTION_ADDED"


def add_argument(rng: Random, schema: Schema) -> str | None:
    chosen = _any_field(rng, schema)
    if "z" in chosen.arguments:
        return None
    chosen.arguments["z"] = _value(rng, schema)
    return "FIELD_ARGUMENT_ADDED"


def remove_argument(rng: Random, schema: Schema) -> str | None:
    chosen = _any_field(rng, schema)
    if not chosen.arguments:
        return None
    del chosen.arguments[rng.choice(sorted(chosen.arguments))]
    return "FIELD_ARGUMENT_REMOVED"


def change_argument_type(rng: Random, schema: Schema) -> str | None:
    chosen = _any_field(rng, schema)
    if not chosen.arguments:
        return None
    value = chosen.arguments[rng.choice(sorted(chosen.arguments))]
    before, value.type, value.default = value.type, _wrapped(rng, value.base), None
    return "FIELD_ARGUMENT_TYPE_CHANGED" if value.type != before else None


def change_argument_default(rng: Random, schema: Schema) -> str | None:
    chosen = _any_field(rng, schema)
    for value in chosen.arguments.values():
        if value.base in DEFAULTS and "[" not in value.type:
            before, choices = value.default, [*DEFAULTS[value.base], None]
            value.default = rng.choice(choices)
            return "FIELD_ARGUMENT_DEFAULT_CHANGED" if value.default != before else None
    return None


def add_input_field(rng: Random, schema: Schema) -> str | None:
    fields = schema.inputs[rng.choice(sorted(schema.inputs))]
    if "z" in fields:
        return None
    fields["z"] = _value(rng, schema)
    return "INPUT_FIELD_ADDED"


def remove_input_field(rng: Random, schema: Schema) -> str | None:
    fields = schema.inputs[rng.choice(sorted(schema.inputs))]
    if len(fields) < 2:
        return None
    del fields[rng.choice(sorted(fields))]
    return "INPUT_FIELD_REMOVED"


def change_input_field_type(rng: Random, schema: Schema) -> str | None:
    fields = schema.inputs[rng.choice(sorted(schema.inputs))]
    value = fields[rng.choice(sorted(fields))]
    before, value.type, value.default = value.type, _wrapped(rng, value.base), None
    return "INPUT_FIELD_TYPE_CHANGED" if value.type != before else None


def add_enum_value(rng: Random, schema: Schema) -> str | None:
    values = schema.enums[rng.choice(sorted(schema.enums))]
    if "Z" in values:
        return None
    values.insert(rng.randint(0, len(values)), "Z")
    return "ENUM_VALUE_ADDED"


def remove_enum_value(rng: Random, schema: Schema) -> str | None:
    values = schema.enums[rng.choice(sorted(schema.enums))]
    if len(values) < 2:
        return None
    values.pop(rng.randrange(len(values)))
    return "ENUM_VALUE_REMOVED"


def change_union(rng: Random, schema: Schema) -> str | None:
    members = schema.unions["U0"]
    others = sorted(schema.objects.keys() - set(members))
    if others and (len(members) < 2 or rng.random() < 0.5):
        members.append(rng.choice(others))
        return "UNION_MEMBER_ADDED"
    if len(members) < 2:
        return None
    members.pop(rng.randrange(len(members)))
    return "UNION_MEMBER_REMOVED"


def change_interfaces(rng: Random, schema: Schema) -> str | None:
    names = schema.implements[rng.choice(sorted(schema.objects))]
    others = sorted(schema.interfaces.keys() - set(names))
    if others and (not names or rng.random() < 0.5):
        names.append(rng.choice(others))
        return "OBJECT_TYPE_INTERFACE_ADDED"
    if not names:
        return None
    names.pop(rng.randrange(len(names)))
    return "OBJECT_TYPE_INTERFACE_REMOVED"


def add_type(rng: Random, schema: Schema) -> str | None:
    if "T9" in schema.objects:
        return None
    schema.objects["T9"] = {"m0": _field(rng, schema)}
    schema.implements["T9"] = []
    return "TYPE_ADDED"


def change_directive(rng: Random, schema: Schema) -> str | None:
    name = rng.choice(sorted(schema.directives))
    arguments, places = schema.directives[name]
    if len(places) > 1 and rng.random() < 0.5:
        places.pop()
        return "DIRECTIVE_LOCATION_REMOVED"
    if "y" in arguments:
        del arguments["y"]
        return "DIRECTIVE_ARGUMENT_REMOVED"
    arguments["y"] = _value(rng, schema)
    return "DIRECTIVE_ARGUMENT_ADDED"


def remove_directive(rng: Random, schema: Schema) -> str | None:
    if len(schema.directives) < 2:
        return None
    del schema.directives[rng.choice(sorted(schema.directives))]
    return "DIRECTIVE_REMOVED"


def _any_field(rng: Random, schema: Schema) -> Field:
    fields = schema.objects[rng.choice(sorted(schema.objects))]
    return fields[rng.choice(sorted(fields))]


MUTATIONS: tuple[Mutation, ...] = (
    remove_field,
    add_field,
    change_field_type,
    deprecate_field,
    describe_field,
    add_argument,
    remove_argument,
    change_argument_type,
    change_argument_default,
    add_input_field,
    remove_input_field,
    change_input_field_type,
    add_enum_value,
    remove_enum_value,
    change_union,
    change_interfaces,
    add_type,
    change_directive,
    remove_directive,
)
