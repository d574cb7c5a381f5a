"""Generates templates: valid ones in every style of YAML, and mutations of them, most of which are invalid."""

KEYS = ["Type", "Properties", "a", "b", "Key 1", "'c d'", '"e"', "200", "0755", "yes", "2012-10-17", "é", "x:y", "-k", "=", "日本"]
ODD_KEYS = ["<<", "?", "~", "[a]", "!Ref a", "!!str b", "{a: b}", "*a", "''"]
WORDS = ["a", "bc", "src/", "nodejs22.x", "x:y", "é", "𝄞", "日本", "a#b", "-c", "?d", ":e", "a,b", "{f", "g}", "[h", "i]", "&j", "*k", "!l", "%m", "@n", "`o",
         "=", "-", "q'r", 's"t', "\\u", "|", ">", "#", "-", "---", "...", ":", "?", "${AWS::Region}", "arn:aws:s3:::x/*"]
SCALARS = ["yes", "No", "on", "OFF", "true", "False", "y", "n", "~", "null", "NULL", "nULL", "1", "-5", "+5", "010", "0755", "08", "0o7", "0x1F", "0x", "0b101", "0b2",
           "1_000", "_1", "1.10", "1.", ".5", "-.5", "+.5", "1e3", "1.5e3", "1.5e+3", "1.5E-3", "1:30", "12:30:45", "190:20:30.15", "0:30", "1:60", "8080:80",
           ".inf", "-.INF", ".nan", ".NaN", "2010-09-09", "2001-12-14T21:59:43.10Z", "000000000000", "012345670123", "123456789012345678901234567890", "1.2.3", "=",
           "0.0", "00", "0", "-0", "1__0", "1_", "0_7", "1_0.5_0", "5.e+1", "._5", "1:2:3_4"]
TAGS = ["Ref", "Sub", "GetAtt", "If", "Join", "Condition", "Base64", "Select", "ImportValue", "Equals", "GetAZs", "Transform", "Cidr", "And"]
OTHER_TAGS = ["!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!", "!!binary", "!!set", "!!omap", "!!timestamp", "!Reff", "!<tag:yaml.org,2002:str>", "!<!Ref>", "!a!b", "!Ref!x", "!R%65f", "!e!Ref"]
ESCAPES = ["\\n", "\\t", "\\x41", "\\u00e9", "\\U0001d11e", "\\/", "\\\"", "\\\\", "\\ ", "\\0", "\\_", "\\N", "\\L", "\\e", "\\ud83d\\ude00", "\\q", "\\ud800", "\\x4"]
NOISE = [" ", "  ", "\n", "\t", ":", ": ", "-", "- ", ",", "[", "]", "{", "}", "'", '"', "#", " #", "?", "? ", "&a ", "*a", "!", "!Ref ", "|", ">", "|2", "%", "@", "`",
         "---", "---\n", "...\n", "\\", "\r\n", "\r", "\ufeff", "é", "\u00a0", "\x07", "a", "0", "<<: ", "|\n", ">-\n", "~"]


class Generator:
    """Generates the templates of a seed."""

    def __init__(self, random):
        self.random = random
        self.is_mutated = False

    def template(self):
        """One template."""
        self.is_mutated = self.chance(0.4)
        head, text = self.head(), self.document()
        text = head + (self.mutated(text) if self.is_mutated else text)
        if self.chance(0.1):
            text = text.replace("\n", "\r\n")
        if self.chance(0.03):
            text = "\ufeff" + text
        if self.chance(0.1):
            text = text.rstrip("\n")
        return text

    def chance(self, probability):
        return self.random.random() < probability

    def head(self):
        if self.chance(0.05):
            return self.random.choice(["%YAML 1.1\n", "%YAML 1.2\n", "%TAG !e! !\n", "%YAML 2.0\n", "%X y\n"]) + "---\n"
        if self.chance(0.1):
            return self.random.choice(["---\n", "--- # x\n", "# x\n---\n", "---\n---\n", "...\n", "\n\n"])
        return ""

    def document(self):
        body = self.block_mapping(0, 0) if self.chance(0.85) else self.flow(0, 0) + "\n"
        tail = self.random.choice(["...\n", "---\n", "# end\n", "\n\n", "---\nb: c\n"]) if self.chance(0.08) else ""
        return body + tail

    def mutated(self, text):
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            at = self.random.randrange(len(text) + 1)
            kind = self.random.randrange(6)
            if kind == 0:
                text = text[:at] + text[at + 1 :]
            elif kind in (1, 2):
                text = text[:at] + self.random.choice(NOISE) + text[at:]
            elif kind == 3:
                text = text[:at] + self.random.choice(NOISE) + text[at + 1 :]
            else:
                lines = text.split("\n")
                line = self.random.randrange(len(lines))
                if kind == 4:
                    lines[line] = " " * self.random.randrange(7) + lines[line].lstrip(" ")
                else:
                    lines[line] = lines[line] + self.random.choice(["\t", " # x", "#x", " ", ":", ",", "  # y: z"])
                text = "\n".join(lines)
        return text

    def comment(self):
        return self.random.choice([" # c", "  # d: e", " #"]) if self.chance(0.08) else ""

    def block_mapping(self, indent, depth):
        """Lines of a mapping, each with its indentation."""
        text, count = "", self.random.randint(1, 4)
        keys = self.random.sample(KEYS, count) if self.chance(0.2) else [f"k{number}" for number in range(count)]
        if self.chance(0.02):
            keys.append(self.random.choice([keys[0], *ODD_KEYS]))
        for key in keys:
            if self.chance(0.04):
                text += self.random.choice(["\n", "# c\n", " " * indent + "# c\n", "   \n"])
            if self.chance(0.03):
                text += " " * indent + "? " + key + "\n" + " " * indent + ":" + self.after(indent, depth)
                continue
            colon = " :" if self.chance(0.03) else ":"
            text += " " * indent + key + colon + self.after(indent, depth)
        return text

    def block_sequence(self, indent, depth):
        text = ""
        for _ in range(self.random.randint(1, 3)):
            text += " " * indent + "-"
            if depth < 5 and self.chance(0.3):
                gap = self.random.choice([1, 1, 1, 2, 3])
                text += " " * gap + self.block_mapping(indent + 1 + gap, depth + 1).lstrip(" ")
            else:
                text += self.after(indent, depth, in_sequence=True)
        return text

    def after(self, indent, depth, in_sequence=False):
        """What follows `key:` or `-`, up to and with the line break."""
        properties = self.properties()
        kind = self.random.randrange(10)
        if depth >= 5:
            kind = kind % 5
        if kind < 3:
            return " " + properties + self.scalar(indent) + self.comment() + "\n"
        if kind == 3:
            return " " + properties + self.block_scalar(indent)
        if kind < 6:
            return " " + properties + self.flow(indent, depth) + self.comment() + "\n"
        if kind < 8:
            return (" " + properties).rstrip() + self.comment() + "\n" + self.block_mapping(indent + self.random.choice([1, 2, 2, 2, 4]), depth + 1)
        if kind == 8:
            least = 1 if in_sequence else 0
            return (" " + properties).rstrip() + self.comment() + "\n" + self.block_sequence(indent + self.random.choice([least, 2, 2, 4]), depth + 1)
        return (" " + properties).rstrip() + self.comment() + "\n"

    def properties(self):
        text = ""
        if self.chance(0.12):
            text = "!" + self.random.choice(TAGS) + " "
        elif self.chance(0.02):
            text = self.random.choice(OTHER_TAGS) + " "
        if self.chance(0.002):
            text += "&a "
        return text

    def scalar(self, indent):
        kind = self.random.randrange(8)
        if kind == 0:
            return self.random.choice(SCALARS)
        if kind == 1 and self.chance(0.1):
            return "*a"
        if kind < 4:
            return self.plain(indent)
        return self.quoted(indent)

    def gap(self, indent):
        """White space inside of a scalar or a flow collection."""
        if self.chance(0.8):
            return " " if self.chance(0.9) else self.random.choice(["", "  ", "  ", "   ", "\t"])
        column = self.random.choice([indent + 2, indent + 1, indent + 4, indent, max(indent - 1, 0), 0])
        lines = self.random.choice(["\n", "\n", "\n", "\n\n", " \n", "\n  \n"])
        return lines + " " * column + ("\t" if self.chance(0.01) else "")

    def plain(self, indent):
        words = [self.random.choice(WORDS if self.chance(0.03) else WORDS[:10]) for _ in range(self.random.randint(1, 4))]
        return "".join(word + self.gap(indent) for word in words[:-1]) + words[-1]

    def quoted(self, indent, is_in_flow=False):
        quote = self.random.choice("'\"")
        text = ""
        for _ in range(self.random.randint(0, 4)):
            word = self.random.choice(WORDS) if is_in_flow or self.is_mutated or self.chance(0.95) else "l\u2028s\u2029p"
            if quote == "'":
                text += word.replace("'", "''")
            else:
                text += word.replace("\\", "\\\\").replace('"', '\\"')
                if self.chance(0.15):
                    text += self.random.choice(ESCAPES[:-3] if self.chance(0.95) else ESCAPES)
                if self.chance(0.05):
                    text += "\\\n" + " " * self.random.randrange(indent + 3)
            if self.chance(0.7):
                text += self.gap(indent)
        return quote + text + quote

    def block_scalar(self, indent):
        step = self.random.choice([1, 2, 2, 3])
        header = self.random.choice("|>") + self.random.choice(["", "", "", "-", "+"])
        if self.chance(0.15):
            number = str(step) if self.chance(0.8) else "0"
            header = header[0] + number + header[1:] if self.chance(0.5) else header + number
        text = header + self.comment() + "\n"
        for _ in range(self.random.randint(0, 4)):
            if self.chance(0.2):
                text += " " * self.random.randrange(indent + step + 2) + "\n"
                continue
            extra = self.random.choice(["", "", "", " ", "  ", "\t"])
            text += " " * (indent + step) + extra + self.plain(0).replace("\n", "") + self.random.choice(["", "", " ", " # x"]) + "\n"
        return text

    def flow(self, indent, depth):
        opening, closing = ("[", "]") if self.chance(0.5) else ("{", "}")
        parts = []
        for number in range(self.random.randint(0, 3)):
            value = self.properties() + (self.flow(indent, depth + 1) if depth < 4 and self.chance(0.25) else self.flow_scalar(indent))
            if opening == "{" or self.chance(0.06):
                key = self.random.choice(KEYS) if self.chance(0.3) else f"k{number}"
                if self.chance(0.03):
                    key = "? " + key
                colon = self.random.choice([": ", ":", " : ", ":" + self.gap(indent)]) if self.chance(0.3) else ": "
                value = key if self.chance(0.05) else key + colon + value
            parts.append(value)
        text = opening + self.flow_gap(indent)
        for number, part in enumerate(parts):
            text += part + self.flow_gap(indent)
            if number < len(parts) - 1 or self.chance(0.1):
                text += "," + self.flow_gap(indent)
        return text + closing

    def flow_gap(self, indent):
        if self.chance(0.5):
            return ""
        comment = " # c" if self.chance(0.03) else ""
        gap = self.gap(indent)
        return comment + gap if "\n" in gap else gap

    def flow_scalar(self, indent):
        kind = self.random.randrange(6)
        if kind == 0:
            return self.random.choice(SCALARS)
        return self.plain(indent) if kind < 3 else self.quoted(indent, is_in_flow=True)
