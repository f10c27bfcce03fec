"""Writes the manual pages, and the first page of the HTML, from what doxygen has read in the header.

manual.py XML_FOLDER MAN_FOLDER INDEX_FILE
"""

import os
import re
import sys
import textwrap
import time
from pathlib import Path

from header import STRONG, WEAK, Header

READS, CHANGES = "Functions that ask the service", "Functions that change something at the service"
CALLS = "Functions for any action of the service"
DATE = time.strftime("%B %d, %Y", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
ESCAPES = str.maketrans({"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"})


def plain(text):
    return text.replace(STRONG, "").replace(WEAK, "")


def escaped(text):
    """A line that troff takes for nothing but text, and in which it breaks no name."""
    text = re.sub(r"(?<!\S)(?=\S*[_/])", "\0", text).translate(ESCAPES).replace("\0", "\\%")
    text = text.replace(STRONG, "\\fB").replace(WEAK, "\\fR")
    return "\\&" + text if text.startswith(".") else text


def quoted(text):
    """One argument of a macro."""
    return '"' + escaped(text).replace('"', "\\(dq") + '"'


def literal(lines):
    return [".Bd -literal", *(escaped(line.rstrip()) or "\\&" for line in lines), ".Ed"]


def body(blocks):
    """Blocks as lines of mdoc, each sentence on a new one."""
    lines = []
    for block in blocks:
        if isinstance(block, list):
            lines += literal("    " + line for line in block)
            continue
        if lines:
            lines.append(".Pp")
        for sentence in re.split(rf"(?<=[A-Za-z0-9)\"{WEAK}][.?!]) (?=[A-Z0-9\"(*{STRONG}])", block):
            lines += map(escaped, textwrap.wrap(sentence, 74, break_long_words=False, break_on_hyphens=False))
    return lines


def tagged(items):
    lines = [line for tag, blocks in items for line in [f".It {quoted(tag)}", *body(blocks)]]
    return [".Bl -tag -width Ds", *lines, ".El"] if lines else []


def section(title, lines, level="Sh"):
    return [f".{level} {quoted(title)}", *lines] if lines else []


def title_of(entry):
    """The first sentence, as the line below NAME has it."""
    brief = re.split("[:;] ", plain(entry.brief()))[0]
    return brief[:1].lower() + brief[1:] if re.match("[A-Z][a-z ]", brief) else brief


def constants(header, names):
    items = []
    for macro in map(header.macros.get, names):
        parameters = f"({', '.join(macro.macro_parameters)})" if macro.macro_parameters else ""
        value = "" if "{" in macro.value else f" = {macro.value}"
        texts = (block for block in macro.description.blocks if isinstance(block, str))
        blocks = [re.sub("(Returned by|What to do):", rf"{STRONG}\1:{WEAK}", text) for text in texts]
        items.append((f"{STRONG}{macro.name}{WEAK}{parameters}{value}", blocks))
    return tagged(items)


def fields(entry):
    return tagged((f"{STRONG}{field.declaration().rstrip(';')}{WEAK}", field.description.blocks) for field in entry.fields)


def type_in_function(header, name):
    """A type on the page of a function: in full, but what is on every other page only by its shape."""
    entry = header.types[name]
    if name not in header.common:
        shape = [] if entry.fields or not entry.arguments else literal([entry.declaration()])
        return section(name, [*body(entry.description.blocks), *shape, *fields(entry)], "Ss")
    shape = literal(entry.declaration().split("\n")) if entry.fields else []
    return section(name, [*body([f"{entry.brief()} (more in {name}(3))."]), *shape], "Ss") if shape else []


def returned(header, entry):
    """What is returned: statuses as a list, each with its meaning, if there is nothing but statuses up to the full stop."""
    blocks = entry.description.sections.get("return", [])
    text = blocks[0] if blocks else ""
    listed, _, rest = re.match(r"(.*?)(\. (?=[A-Z])|\.?$)(.*)", text).groups()
    parts = [re.fullmatch(r"(TRRO_STATUS_\w+)(.*)", part) for part in listed.split("; ")]
    if not all(part and part[1] in header.macros for part in parts):
        return body(blocks)
    of_each = [(f"{STRONG}{part[1]}{WEAK}{part[2]}", [header.macros[part[1]].brief() + "."]) for part in parts]
    return [*tagged(of_each), ".Pp", *body([rest] * bool(rest) + ["What to do about each is in trro_status(3)."])]


def see_also(header, entry, names):
    known = {function.name for function in header.functions} | set(header.types)
    pages = sorted({*entry.description.refs, *names} & known - {entry.name})
    return [*(f".Xr {page} 3 ," for page in ["trro", *pages]), ".Xr trro 7"]


def function_page(header, entry):
    description, reach = entry.description, header.reach(entry)
    parameters = [(f"{STRONG}{name}{WEAK}", description.parameters.get(name, [])) for _, name in entry.parameters]
    in_order = sorted(reach, key=lambda name: name in header.common)
    types = [line for name in in_order for line in type_in_function(header, name)]
    text = "\n".join([*body(description.blocks), str(description.parameters), str(description.sections), *types])
    names = [name for name in header.named(plain(text)) if name not in header.family_of_type("trro_status")]
    others = {title: blocks for title, blocks in description.sections.items() if title not in ("return", "since", "Example")}
    return [
        *section("DESCRIPTION", body(description.blocks)),
        *section("PARAMETERS", tagged(parameters)),
        *section("RETURN VALUES", returned(header, entry)),
        *(line for title, blocks in others.items() for line in section(title.upper(), body(blocks))),
        *section("TYPES", types),
        *section("CONSTANTS", constants(header, names)),
        *section("EXAMPLES", body(description.sections.get("Example", []))),
        *section("SEE ALSO", see_also(header, entry, reach)),
        *section("HISTORY", body([f"Since {since.rstrip('.')}." for since in description.sections.get("since", [])])),
    ]


def type_page(header, entry):
    users = [function.name for function in header.functions if entry.name in header.reach(function)]
    family = header.family_of_type(entry.name)
    text = str([entry.description.blocks, *(field.description.blocks for field in entry.fields)])
    others = [name for name in header.named(plain(text)) if header.family(name) != "TRRO_STATUS_"]
    return [
        *section("DESCRIPTION", body(entry.description.blocks)),
        *section("MEMBERS", fields(entry)),
        *section("CONSTANTS", constants(header, family or others)),
        *section("SEE ALSO", see_also(header, entry, [*users, *header.reach(entry)])),
    ]


def groups(header):
    """The functions by what they do: those of a handle by its name, and those that call the service by their action."""
    handles = {name: f"Functions of a {name}" for name, entry in header.types.items() if entry.type.startswith("struct ")}
    found = {title: [] for title in [*handles.values(), READS, CHANGES, CALLS, "Other functions"]}
    for entry in header.functions:
        action = plain(str(entry.description.sections.get("Action", "")))
        title = handles.get(re.match("trro_[a-z]+", entry.name)[0], "Other functions")
        if action:
            title = CALLS if action.startswith("['Any") else CHANGES if "changes something" in action else READS
        found[title].append(entry)
    return {title: entries for title, entries in found.items() if entries}


def overview(header):
    lines = section("DESCRIPTION", body(["All that trro.h declares. How to use it, with a first program, is in trro(7)."]))
    lines.append(".Sh FUNCTIONS")
    for title, entries in groups(header).items():
        lines += section(title, tagged((f"{STRONG}{entry.name}{WEAK}(3)", [entry.brief() + "."]) for entry in entries), "Ss")
    lines += section("TYPES", tagged((f"{STRONG}{name}{WEAK}(3)", [entry.brief() + "."]) for name, entry in header.types.items()))
    lines += section("CONSTANTS", constants(header, [name for names in header.families.values() for name in names]))
    return [*lines, *section("SEE ALSO", [".Xr trro-status 1 ,", ".Xr trro 7"])]


def guide(header):
    lines = section("DESCRIPTION", body(header.guide.blocks))
    return [*lines, *section("SEE ALSO", [".Xr trro-status 1 ,", ".Xr trro 3"])]


def write(folder, version, name, volume, title, synopsis, lines):
    """A page as a file of its own, in the folder of its volume of the manual."""
    head = [f".Dd {DATE}", f".Dt {name.upper()} {volume}", f".Os libtrro {version}", ".Sh NAME", f".Nm {name}"]
    head += [f".Nd {escaped(title)}", ".Sh SYNOPSIS", ".In trro.h", *literal(synopsis)]
    page = folder / f"man{volume}" / f"{name}.{volume}"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join([*head, *lines]) + "\n")


def index(header):
    """The first page of the HTML."""
    lines = ["# libtrro, the reference", "", "@copybrief trro.h", "", "@copydetails trro.h"]
    for title, entries in groups(header).items():
        lines += ["", f"## {title}", "", "| | |", "|---|---|"]
        lines += [f"| {entry.name}() | {plain(entry.brief())}. |" for entry in entries]
    lines += ["", "## Statuses", "", "| | |", "|---|---|"]
    lines += [f"| #{name} | {plain(header.macros[name].brief())}. |" for name in header.family_of_type("trro_status")]
    return "\n".join(lines) + "\n"


def main():
    xml, man, index_file = map(Path, sys.argv[1:])
    header = Header(xml)
    version = ".".join(header.macros[f"TRRO_VERSION_{part}"].value for part in ("MAJOR", "MINOR", "PATCH"))
    for entry in header.functions + list(header.types.values()):
        lines = (function_page if entry.kind == "function" else type_page)(header, entry)
        synopsis = re.sub(rf"\b({entry.name})(?=\()", STRONG + r"\1" + WEAK, entry.declaration()).split("\n")
        write(man, version, entry.name, 3, title_of(entry), synopsis, lines)
    about = plain(header.guide.blocks[0]).removeprefix("libtrro: ").split(", which")[0]
    linking = ["cc program.c -ltrro"]
    write(man, version, "trro", 3, "every function, type and constant of libtrro", linking, overview(header))
    write(man, version, "trro", 7, about, linking, guide(header))
    index_file.write_text(index(header))


main()
