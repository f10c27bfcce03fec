"""What doxygen has read in the header, from its XML: functions, types, macros, and what each of them leads to."""

import re
import sys
from xml.etree import ElementTree

INLINE = {"bold", "emphasis", "ref", "ulink", "computeroutput"}
# Around what is to stand out in a text.
STRONG, WEAK = "\1", "\2"


class Description:
    """A comment: its blocks, which are text (str) or code (a list of lines), and its parameters and titled sections."""

    def __init__(self, element):
        self.blocks, self.parameters, self.sections, self.refs = [], {}, {}, []
        for paragraph in element.findall("para") if element is not None else []:
            text = paragraph.text or ""
            for child in paragraph:
                if child.tag in INLINE:
                    text += self.inline(child)
                else:
                    self.add(text)
                    self.add_block(child)
                    text = ""
                text += child.tail or ""
            self.add(text)

    def add(self, text):
        if text.strip():
            self.blocks.append(" ".join(text.split()))

    def inline(self, element):
        text = (element.text or "") + "".join(self.inline(child) + (child.tail or "") for child in element)
        if element.tag == "ref":
            self.refs.append(text.removesuffix("()"))
        is_call = element.tag == "ref" and text.endswith("()")
        return STRONG + text + WEAK if is_call or element.tag in ("bold", "computeroutput") else text

    def add_block(self, element):
        if element.tag == "programlisting":
            for space in element.iter("sp"):
                space.text = " "
            self.blocks.append(["".join(line.itertext()) for line in element])
        elif element.tag == "parameterlist":
            for item in element:
                name = item.findtext("parameternamelist/parametername")
                self.parameters[name] = self.blocks_of(item.find("parameterdescription"))
        elif element.tag == "simplesect":
            self.sections[element.findtext("title") or element.get("kind")] = self.blocks_of(element)
        else:
            # Rather no page than one that lacks something.
            sys.exit(f"header.py: what is <{element.tag}> of doxygen's XML?")

    def blocks_of(self, element):
        description = Description(element)
        self.refs += description.refs
        return description.blocks


class Entry:
    """A function, a type, a field or a macro."""

    def __init__(self, element):
        self.kind = element.get("kind")
        self.name = element.findtext("name") or element.findtext("compoundname")
        self.description = Description(element.find("detaileddescription"))
        self.type = text_of(element.find("type"))
        # What stands behind the name: parameters of a callback, the length of an array.
        self.arguments = element.findtext("argsstring") or ""
        self.value = text_of(element.find("initializer"))
        self.fields = [Entry(field) for field in element.findall("sectiondef/memberdef")]
        parameters = element.findall("param")
        # A parameter without a name is void.
        self.parameters = [(text_of(part.find("type")), name) for part in parameters if (name := part.findtext("declname"))]
        self.macro_parameters = [part.findtext("defname") for part in parameters if part.findtext("defname")]
        self.types = re.findall(r"\btrro_\w+", " ".join([self.type, self.arguments, *(type_ for type_, _ in self.parameters)]))

    def brief(self):
        """The first sentence."""
        text = next((block for block in self.description.blocks if isinstance(block, str)), "")
        return re.split(r"(?<=[^.][.?])\s+(?=[A-Z0-9\"(])", text)[0].rstrip(".")

    def declaration(self):
        if self.kind == "function":
            head = joined(self.type, self.name)
            parameters = [joined(*parameter) for parameter in self.parameters] or ["void"]
            line = f"{head}({', '.join(parameters)});"
            return line if len(line) <= 72 else f"{head}(\n    " + ",\n    ".join(parameters) + ");"
        if self.kind == "struct":
            fields = "".join(f"    {field.declaration()}\n" for field in self.fields)
            return f"typedef struct {self.name} {{\n{fields}}} {self.name};"
        return ("typedef " if self.kind == "typedef" else "") + joined(self.type, self.name) + self.arguments + ";"

    def is_number(self):
        return self.value.isdigit()


class Header:
    def __init__(self, folder):
        file = ElementTree.parse(folder / "trro_8h.xml").find("compounddef")
        members = [Entry(element) for element in file.iter("memberdef")]
        structs = [Entry(ElementTree.parse(path).find("compounddef")) for path in sorted(folder.glob("struct*.xml"))]
        self.guide = Description(file.find("detaileddescription"))
        self.functions = [entry for entry in members if entry.kind == "function"]
        self.macros = {entry.name: entry for entry in members if entry.kind == "define" and entry.value}
        self.types = {entry.name: entry for entry in members + structs if entry.kind in ("typedef", "struct")}
        self.families = {}
        for name in self.macros:
            self.families.setdefault(self.family(name), []).append(name)
        reached = [name for function in self.functions for name in self.reach(function)]
        # The types that are everywhere, which a page of a function need not explain.
        self.common = {name for name in self.types if 3 * reached.count(name) > len(self.functions)}

    def family(self, name):
        """What the names of numbers that belong together begin with: their type, or all but the last word."""
        is_number = self.macros[name].is_number()
        for prefix in (f"{type_.upper()}_" for type_ in self.types):
            if is_number and name.startswith(prefix):
                return prefix
        prefix = name.rpartition("_")[0] + "_"
        others = [other for other in self.macros if other.startswith(prefix) and self.macros[other].is_number()]
        return prefix if is_number and len(others) > 1 and prefix.count("_") > 1 else name

    def family_of_type(self, name):
        return self.families.get(f"{name.upper()}_", [])

    def named(self, text):
        """The constants whose family the text names, by one of them or as TRRO_X_..."""
        words = set(re.findall(r"\w+", text))
        families = {self.family(word) for word in words if word in self.macros} | words.intersection(self.families)
        return [name for family, names in self.families.items() if family in families for name in names]

    def reach(self, entry):
        """The types that an entry takes or gives, and what these consist of."""
        found, ahead = [], [entry]
        while ahead:
            entry = ahead.pop(0)
            for name in (name for part in [entry, *entry.fields] for name in part.types):
                if name in self.types and name not in found and name != entry.name:
                    found.append(name)
                    ahead.append(self.types[name])
        return found


def text_of(element):
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def joined(type_, name):
    return type_.replace("(*", " (*") + ("" if type_.endswith("*") else " ") + name
