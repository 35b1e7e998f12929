"""The functions of a plan, as Python source: collect, merge and hide.

    collect_<f>(L)          representations of an entity fetch, and which object gets which entity
    merge_<f>(L, body, …)   see `merging.py`
    hide(L)                 takes away what the client must not see

`L` has lists of objects (`lists.py`), in the order of the response.
"""

from __future__ import annotations

from gateway.executor.compiled.classes import ClassWriter, final_class
from gateway.executor.compiled.layout import LaidOutFetch, Layout, Place, PlacedType
from gateway.executor.compiled.lists import OFTEN, Lists
from gateway.executor.compiled.merging import MergeWriter, indented
from gateway.executor.compiled.representations import Template, TemplateWriter
from gateway.executor.compiled.sharing import write_texts


class FunctionWriter:
    """Writes the functions of a layout; `templates` are those of entity fetches."""

    def __init__(
        self,
        layout: Layout,
        classes: ClassWriter,
        lists: Lists,
        templates: dict[int, dict[PlacedType, Template]],
    ) -> None:
        self._layout = layout
        self._classes = classes
        self._templates = templates
        self._lists = lists
        self.lines: list[str] = []

    def write(self) -> None:
        """Write all functions."""
        for fetch in self._layout.fetches:
            if fetch.node.requires and not fetch.targets:
                continue
            if fetch.node.requires:
                self._write_collect(fetch)
            self.lines += MergeWriter(fetch, self._classes, self._lists).write()
        self._write_hide()

    # --- Entity fetches ------------------------------------------------------------------------

    def _write_collect(self, fetch: LaidOutFetch) -> None:
        writer = TemplateWriter(f"nested_{fetch.number}", final_class)
        templates = self._templates[fetch.number]
        leaves = {placed: template.leaves for placed, template in templates.items()}
        is_plain = all(found is not None for found in leaves.values())
        several = len({_shape_of(template) for template in templates.values()}) > 1
        lines = [f"def collect_{fetch.number}(L):", "    items = []", "    known = {}"]
        lines += ["    objects = []", "    indices = []"]
        for path in fetch.paths:
            if not path:
                continue
            objects = f"L[{self._lists.number(path[0].place)}]"
            lines.append(f"    for o in {objects}:")
            everything = self._types_at(path[0].place)
            dispatch = set(path) != everything or len(path) > 1
            body: list[str] = []
            for index, placed in enumerate(path):
                found = leaves[placed]
                if is_plain and found is not None:
                    names, code, checks = writer.read_leaves(found, "o")
                    constants = [repr(_shape_of(templates[placed]))] if several else []
                    parts = constants + names
                    key = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
                    if len(parts) > 1:
                        code.append(f"key = {key}")
                        key = "key"
                    item = writer.expression(templates[placed].members, "o", names)
                    code += [
                        f"index = known.get({key})",
                        "if index is None:",
                        *indented(checks),
                        f"    index = known[{key}] = len(items)",
                        f"    items.append({item})",
                    ]
                else:
                    item = writer.expression(templates[placed].members, "o")
                    code = [
                        f"item = {item}",
                        "key = encode(item)",
                        "index = known.get(key)",
                        "if index is None: index = known[key] = len(items); items.append(item)",
                    ]
                if dispatch:
                    word = "if" if index == 0 else "elif"
                    body.append(f"{word} c is {final_class(placed)}:")
                    body += indented(code)
                else:
                    body += code
            if dispatch:
                body = ["c = o.__class__", *body, "else: continue"]
                body.append("objects.append(o)")
            body.append("indices.append(index)")
            lines += indented(body, 2)
            if not dispatch:
                lines.append(f"    objects += {objects}")
        lines += ["    return (items, objects, indices) if items else None", ""]
        for function in writer.functions:
            self.lines += [function, ""]
        self.lines += lines

    def _types_at(self, place: Place) -> set[PlacedType]:
        """All types of objects in the list of a place."""
        return {p for p in self._layout.placed_types if p.place.names == place.names}

    # --- Hidden fields -------------------------------------------------------------------------

    def _write_hide(self) -> None:
        self.lines.append("def hide(L):")
        for names, number in self._lists.items():
            types = [p for p in self._layout.placed_types if p.place.names == names]
            hiding = [placed for placed in types if placed.hidden]
            if not hiding:
                continue
            self.lines.append(f"    for o in L[{number}]:")
            for index, placed in enumerate(hiding):
                body = [f"o.{slot.attribute} = UNSET" for slot in placed.hidden]
                if len(types) > 1:
                    word = "if" if index == 0 else "elif"
                    body = [f"{word} o.__class__ is {final_class(placed)}:", *indented(body)]
                self.lines += indented(body, 2)
        # Last, as nothing can be hidden in a text.
        self.lines += [*indented(write_texts(f"L[{OFTEN}]")), "    return L[0][0]", ""]


def _shape_of(template: Template) -> str:
    """A text that is equal for representations made of equal members."""
    parts: list[str] = []
    for name, member in template.members.items():
        parts.append(f"{name}={getattr(member, 'text', '')}")
    return " ".join(parts)
