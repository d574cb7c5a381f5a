//! Reads YAML, of which JSON is a subset, into a [`Node`].
//!
//! Refuses what CloudFormation does not support: anchors, aliases and merge keys (thus no short text expands to a large
//! template), unknown tags, and duplicate keys.

use super::finding::ReadPath;
use super::node::{SHORT_NAMES, call, long_name, normalize};
use super::scalar::resolve;
use super::source::position;
use super::{Content, Entry, FindingCode, Findings, Mapping, Node, Severity, Source, Span, TemplateFinding, nearest};
use indexmap::map;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

/// How deep values may be nested. Templates need a fraction of it. Tags may double the depth, and the deployer reads JSON up to
/// a depth of 128.
const MAX_DEPTH: usize = 60;
const TOO_DEEP: &str = "nested deeper than 60 values";
const FLATTEN: &str = "flatten the value";
/// Stands in a path for a key that is not a string: YAML's indicator for complex keys.
const NO_NAME: &str = "?";
/// Reading stops after this number of findings.
const MAX_FINDINGS: usize = 100;

/// Reads a template.
///
/// # Errors
/// All findings in the text. Reading stops at a syntax error.
pub fn read(source: &Source) -> Result<Node, Findings> {
    let mut reader = Reader::of(&source.text);
    match reader.template() {
        Ok(node) if !reader.findings.refuse() => Ok(node),
        _ => Err(reader.findings),
    }
}

/// The reader cannot go on; a finding has the reason.
struct Stop;

struct Reader<'t> {
    text: &'t str,
    /// The byte at which each character begins, because the parser counts characters. None if the text is ASCII.
    starts: Option<Vec<usize>>,
    parser: Parser<'t, StrInput<'t>>,
    findings: Findings,
}

/// What the tag of a value means.
enum Meaning {
    /// The value has no tag, or one that does not change it.
    Itself,
    /// The value is a string, whatever it looks like.
    Text,
    /// The value is the argument of a function: its long name, and the length of the tag in bytes.
    Call(String, usize),
}

impl<'t> Reader<'t> {
    fn of(text: &'t str) -> Self {
        let starts = (!text.is_ascii()).then(|| text.char_indices().map(|(start, _)| start).collect());
        Self { text, starts, parser: Parser::new_from_str(text), findings: Findings::default() }
    }

    fn template(&mut self) -> Result<Node, Stop> {
        let (_stream, _) = self.next()?;
        if let (Event::StreamEnd, _) = self.next()? {
            self.refuse_empty();
            return Err(Stop);
        }
        let node = self.value(&ReadPath::Top)?;
        let (_document_end, _) = self.next()?;
        if let (Event::DocumentStart(_), span) = self.next()? {
            let help = "a template is one document; remove this line, or everything below it";
            self.refuse(FindingCode::Syntax, &ReadPath::Top, Some(span), "a second document begins here", help);
        }
        match &node.content {
            Content::Mapping(_) => {}
            Content::Null => self.refuse_empty(),
            _ => {
                let message = format!("a template is a mapping, but this is {}", node.kind());
                let help = "begin with `ProjectName:`, `ConfigName:`, `Transform:` and `Resources:`";
                self.refuse(FindingCode::WrongType, &ReadPath::Top, node.span, &message, help);
            }
        }
        Ok(node)
    }

    fn value(&mut self, path: &ReadPath<'_>) -> Result<Node, Stop> {
        let (event, span) = self.next()?;
        self.value_from(event, span, path)
    }

    /// Reads the value that begins with an event.
    fn value_from(&mut self, event: Event<'t>, span: Span, path: &ReadPath<'_>) -> Result<Node, Stop> {
        if path.depth() > MAX_DEPTH {
            self.refuse(FindingCode::TooDeep, path, Some(span), TOO_DEEP, FLATTEN);
            return Err(Stop);
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, span, path);
                let is_plain = style == ScalarStyle::Plain && matches!(meaning, Meaning::Itself);
                let content = if is_plain { resolve(&text) } else { Content::String(text.into_owned()) };
                Ok(self.finish(content, meaning, span))
            }
            Event::SequenceStart(anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, span, path);
                let (nodes, end) = self.sequence(span.end, path)?;
                Ok(self.finish(Content::Sequence(nodes), meaning, Span { end, ..span }))
            }
            Event::MappingStart(anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, span, path);
                let (mapping, end) = self.mapping(span.end, path)?;
                Ok(self.finish(Content::Mapping(mapping), meaning, Span { end, ..span }))
            }
            // The anchor of the alias is refused.
            _alias => Ok(Node { content: Content::Null, span: Some(span) }),
        }
    }

    /// Reads the rest of a list. Returns its items and its end: the first byte after the last item.
    fn sequence(&mut self, mut end: usize, path: &ReadPath<'_>) -> Result<(Vec<Node>, usize), Stop> {
        let mut nodes = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok((nodes, end));
            }
            let node = self.value_from(event, span, &ReadPath::At(path, nodes.len()))?;
            end = node.span.map_or(end, |span| span.end);
            nodes.push(node);
        }
    }

    /// Reads the rest of a mapping. Returns it and its end: the first byte after the last value.
    fn mapping(&mut self, mut end: usize, path: &ReadPath<'_>) -> Result<(Mapping, usize), Stop> {
        let mut mapping = Mapping::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok((mapping, end));
            }
            let Some(name) = self.name(event, span, path)? else {
                self.value(&ReadPath::Named(path, NO_NAME))?;
                continue;
            };
            let value = self.value(&ReadPath::Named(path, &name))?;
            end = value.span.map_or(end, |span| span.end);
            match mapping.entry(name) {
                map::Entry::Vacant(vacant) => drop(vacant.insert_entry(Entry { key_span: Some(span), value })),
                map::Entry::Occupied(first) => self.refuse_duplicate(&first, span, path),
            }
        }
    }

    /// Reads the key that begins with an event. None if it is not a valid key, which is a finding.
    fn name(&mut self, event: Event<'t>, span: Span, path: &ReadPath<'_>) -> Result<Option<String>, Stop> {
        let (code, message, help) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, span, path);
                match (style, &*text) {
                    _ if matches!(meaning, Meaning::Call(..)) => {
                        (FindingCode::InvalidKey, "a function cannot be a key", "write a string")
                    }
                    (ScalarStyle::Plain, "<<") => {
                        let message = "CloudFormation does not support merge keys (`<<`)";
                        (FindingCode::Anchor, message, "write the merged values out")
                    }
                    (ScalarStyle::Plain, plain) if resolve(plain) == Content::Null => {
                        (FindingCode::InvalidKey, "the key is missing", "write the key before the colon")
                    }
                    // A number is a valid key, such as the response code `200`.
                    _ => return Ok(Some(text.into_owned())),
                }
            }
            Event::Alias(_) => (FindingCode::InvalidKey, "an alias cannot be a key", "write a string"),
            list_or_mapping => {
                self.value_from(list_or_mapping, span, &ReadPath::Named(path, NO_NAME))?;
                (FindingCode::InvalidKey, "a list or mapping cannot be a key", "write a string")
            }
        };
        self.refuse(code, path, Some(span), message, help);
        Ok(None)
    }

    fn refuse_duplicate(&mut self, first: &map::OccupiedEntry<'_, String, Entry>, span: Span, path: &ReadPath<'_>) {
        let (name, first) = (first.key(), first.get().key_span.unwrap_or_default());
        let (line, _) = position(self.text.get(..first.start).unwrap_or_default());
        let message = format!("duplicate key `{name}`");
        let help = format!("the first is in line {line}; remove one of them");
        self.refuse(FindingCode::DuplicateKey, &ReadPath::Named(path, name), Some(span), &message, help);
    }

    /// The meaning of a tag. Refuses an anchor.
    fn meaning(&mut self, tag: Option<&Tag>, anchor: usize, span: Span, path: &ReadPath<'_>) -> Meaning {
        if anchor > 0 {
            let message = "CloudFormation does not support anchors and aliases";
            self.refuse(FindingCode::Anchor, path, Some(span), message, "write the value out in each place");
        }
        let Some(tag) = tag else { return Meaning::Itself };
        match (tag.handle.as_str(), tag.suffix.as_str()) {
            ("", "!") | ("tag:yaml.org,2002:", "str") => Meaning::Text,
            ("tag:yaml.org,2002:", "bool" | "float" | "int" | "map" | "null" | "seq") => Meaning::Itself,
            ("!", short) => match long_name(short) {
                Some(name) => Meaning::Call(name, "!".len() + short.len()),
                None => self.refuse_tag(&tag.to_string(), span, path),
            },
            ("tag:yaml.org,2002:", suffix) => self.refuse_tag(&format!("!!{suffix}"), span, path),
            _ => self.refuse_tag(&tag.to_string(), span, path),
        }
    }

    fn refuse_tag(&mut self, tag: &str, span: Span, path: &ReadPath<'_>) -> Meaning {
        let help = match nearest(tag.trim_start_matches('!'), SHORT_NAMES) {
            Some(name) => format!("did you mean `!{name}`?"),
            None => format!("known tags: !{}", SHORT_NAMES.join(", !")),
        };
        self.refuse(FindingCode::UnknownTag, path, Some(span), &format!("unknown tag `{tag}`"), help);
        Meaning::Text
    }

    /// Applies the meaning of the tag to a value.
    fn finish(&mut self, content: Content, meaning: Meaning, span: Span) -> Node {
        let mut node = Node { content, span: Some(span) };
        if let Meaning::Call(name, length) = meaning {
            let tag = Span { start: span.start, end: span.start + length };
            node.span = Some(self.after(tag, span.end));
            node = Node { content: call(name, Some(tag), node), span: Some(span) };
        }
        normalize(&mut node);
        node
    }

    /// The span of the value after a tag.
    fn after(&self, tag: Span, end: usize) -> Span {
        let rest = self.text.get(tag.end..end).unwrap_or_default();
        Span { start: end - rest.trim_start().len(), end }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        if self.findings.all().len() >= MAX_FINDINGS {
            return Err(Stop);
        }
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                Ok((event, Span { start: self.byte(span.start.index()), end: self.byte(span.end.index()) }))
            }
            Some(Err(error)) => {
                self.refuse_syntax(&error);
                Err(Stop)
            }
            None => Err(Stop),
        }
    }

    /// The byte at which a character begins.
    fn byte(&self, character: usize) -> usize {
        let start = self.starts.as_ref().map_or(Some(character), |starts| starts.get(character).copied());
        start.unwrap_or(self.text.len()).min(self.text.len())
    }

    fn refuse_syntax(&mut self, error: &ScanError) {
        let at = self.byte(error.marker().index());
        if let Some(tab) = self.indenting_tab(at).filter(|_| error.info().contains("tab")) {
            let span = Some(Span { start: tab, end: tab + 1 });
            self.refuse(FindingCode::Syntax, &ReadPath::Top, span, "a tab indents this line", "indent with spaces");
            return;
        }
        let span = Some(Span { start: at, end: at });
        // The parser has a depth limit of its own, and reads ahead.
        if error.info().contains("recursion limit") {
            self.refuse(FindingCode::TooDeep, &ReadPath::Top, span, TOO_DEEP, FLATTEN);
            return;
        }
        let language = if self.text.trim_start().starts_with('{') { "JSON" } else { "YAML" };
        let message = format!("invalid {language}: {}", error.info());
        self.refuse(FindingCode::Syntax, &ReadPath::Top, span, &message, advice(error.info()));
    }

    /// The first tab that indents a line, from the line of a position on: the parser points to the first line of a scalar, and
    /// the tab may be in a later one.
    fn indenting_tab(&self, at: usize) -> Option<usize> {
        let mut line_start = self.text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
        for line in self.text.get(line_start..)?.split_inclusive('\n') {
            let indent = line.trim_start_matches(' ');
            if indent.starts_with('\t') {
                return Some(line_start + line.len() - indent.len());
            }
            line_start += line.len();
        }
        None
    }

    fn refuse_empty(&mut self) {
        let help = "write `ProjectName:`, `ConfigName:`, `Transform:` and `Resources:`";
        self.refuse(FindingCode::Empty, &ReadPath::Top, None, "the template is empty", help);
    }

    fn refuse(
        &mut self,
        code: FindingCode,
        path: &ReadPath<'_>,
        span: Option<Span>,
        message: &str,
        help: impl Into<String>,
    ) {
        let (severity, path, message) = (Severity::Error, path.to_string(), message.to_owned());
        self.findings.push(TemplateFinding { severity, code, path, span, message, help: Some(help.into()) });
    }
}

/// The remedy for an error of the parser, whose messages presume knowledge of how YAML is parsed.
fn advice(message: &str) -> &'static str {
    const ADVICE: [(&str, &str); 3] = [
        (
            "mapping values are not allowed",
            "end a key with a colon and a space; quote a string that contains a colon and a space",
        ),
        ("did not find expected key", "begin all keys of a mapping in the same column"),
        ("invalid Unicode character escape", "write the character itself; YAML has no surrogate pairs"),
    ];
    let found = ADVICE.iter().find(|(start, _)| message.contains(start));
    found.map_or("fix the syntax here, or in the lines above", |(_, advice)| advice)
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
