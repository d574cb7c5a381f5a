//! YAML, and JSON as a part of it, into a [`Node`].
//!
//! What CloudFormation does not take is refused here: anchors, aliases and merge keys (so no short text becomes a large
//! template), tags of its own that do not exist, names that are there twice.

use super::finding::ReadPath;
use super::node::{SHORT_NAMES, call, long_name, settle};
use super::scalar::resolve;
use super::source::position;
use super::{Content, Entry, Findings, Mapping, Node, Severity, Source, Span, TemplateFinding, nearest};
use indexmap::map;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

/// How deep values may lie in each other. Templates need a fraction of it. Tags may double it, and the deployer reads no JSON
/// that is deeper than 128.
const MAX_DEPTH: usize = 60;
const TOO_DEEP: &str = "nested deeper than 60 values";
/// What stands in a path for a name that is none: YAML's mark for such names.
const NO_NAME: &str = "?";
/// After so many findings reading ends: whoever has more begins with these.
const MAX_FINDINGS: usize = 100;

/// Reads a template.
///
/// # Errors
/// All that is wrong with the text. Where it is not even YAML, reading ends.
pub fn read(source: &Source) -> Result<Node, Findings> {
    let mut reader = Reader::of(&source.text);
    match reader.template() {
        Ok(node) if !reader.findings.refuse() => Ok(node),
        _ => Err(reader.findings),
    }
}

/// Nothing that follows can be understood; a finding says why.
struct Stop;

struct Reader<'t> {
    text: &'t str,
    /// Where each character begins, unless all are of one byte: the parser counts characters.
    starts: Option<Vec<usize>>,
    parser: Parser<'t, StrInput<'t>>,
    findings: Findings,
}

/// What the tag of a value makes of it.
enum Meaning {
    /// Nothing: it is what it looks like.
    Itself,
    /// A text, whatever it looks like.
    Text,
    /// The argument of a function of that long name, whose tag is so many bytes long.
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
            self.refuse(&ReadPath::Top, None, "the template is empty", None);
            return Err(Stop);
        }
        let node = self.value(&ReadPath::Top)?;
        let (_document_end, _) = self.next()?;
        if let (Event::DocumentStart(_), span) = self.next()? {
            let help = "a template is one document: remove the line, or what follows it".to_owned();
            self.refuse(&ReadPath::Top, Some(span), "a second document begins here", Some(help));
        }
        match &node.content {
            Content::Mapping(_) => {}
            Content::Null => self.refuse(&ReadPath::Top, None, "the template is empty", None),
            _ => {
                let message = format!("a template is a mapping, and this is {}", node.kind());
                self.refuse(&ReadPath::Top, node.span, &message, None);
            }
        }
        Ok(node)
    }

    fn value(&mut self, place: &ReadPath<'_>) -> Result<Node, Stop> {
        let (event, span) = self.next()?;
        self.value_from(event, span, place)
    }

    /// The value that begins with an event.
    fn value_from(&mut self, event: Event<'t>, span: Span, place: &ReadPath<'_>) -> Result<Node, Stop> {
        if place.depth() > MAX_DEPTH {
            self.refuse(place, Some(span), TOO_DEEP, None);
            return Err(Stop);
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, span, place);
                let is_plain = style == ScalarStyle::Plain && matches!(meaning, Meaning::Itself);
                let content = if is_plain { resolve(&text) } else { Content::String(text.into_owned()) };
                Ok(self.finish(content, meaning, span))
            }
            Event::SequenceStart(anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, span, place);
                let (nodes, end) = self.sequence(span.end, place)?;
                Ok(self.finish(Content::Sequence(nodes), meaning, Span { end, ..span }))
            }
            Event::MappingStart(anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, span, place);
                let (mapping, end) = self.mapping(span.end, place)?;
                Ok(self.finish(Content::Mapping(mapping), meaning, Span { end, ..span }))
            }
            // The anchor that it means is refused.
            _alias => Ok(Node { content: Content::Null, span: Some(span) }),
        }
    }

    /// The rest of a list, and where it ends: behind its last value.
    fn sequence(&mut self, mut end: usize, place: &ReadPath<'_>) -> Result<(Vec<Node>, usize), Stop> {
        let mut nodes = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok((nodes, end));
            }
            let node = self.value_from(event, span, &ReadPath::At(place, nodes.len()))?;
            end = node.span.map_or(end, |span| span.end);
            nodes.push(node);
        }
    }

    /// The rest of a mapping, and where it ends: behind its last value.
    fn mapping(&mut self, mut end: usize, place: &ReadPath<'_>) -> Result<(Mapping, usize), Stop> {
        let mut mapping = Mapping::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok((mapping, end));
            }
            let Some(name) = self.name(event, span, place)? else {
                self.value(&ReadPath::Named(place, NO_NAME))?;
                continue;
            };
            let value = self.value(&ReadPath::Named(place, &name))?;
            end = value.span.map_or(end, |span| span.end);
            match mapping.entry(name) {
                map::Entry::Vacant(vacant) => drop(vacant.insert_entry(Entry { key_span: Some(span), value })),
                map::Entry::Occupied(first) => self.refuse_second(&first, span, place),
            }
        }
    }

    /// The name that begins with an event, if it is one.
    fn name(&mut self, event: Event<'t>, span: Span, place: &ReadPath<'_>) -> Result<Option<String>, Stop> {
        let wrong = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, span, place);
                match (style, &*text) {
                    _ if matches!(meaning, Meaning::Call(..)) => "a function cannot be a name",
                    (ScalarStyle::Plain, "<<") => {
                        "CloudFormation knows no merge keys (`<<`): write out what it would merge"
                    }
                    (ScalarStyle::Plain, plain) if resolve(plain) == Content::Null => "a name is missing here",
                    // A number is one as it is written: the response code `200`.
                    _ => return Ok(Some(text.into_owned())),
                }
            }
            Event::Alias(_) => "an alias cannot be a name",
            list_or_mapping => {
                self.value_from(list_or_mapping, span, &ReadPath::Named(place, NO_NAME))?;
                "a name must be a text"
            }
        };
        self.refuse(place, Some(span), wrong, None);
        Ok(None)
    }

    fn refuse_second(&mut self, first: &map::OccupiedEntry<'_, String, Entry>, span: Span, place: &ReadPath<'_>) {
        let (name, first) = (first.key(), first.get().key_span.unwrap_or_default());
        let (line, _) = position(self.text.get(..first.start).unwrap_or_default());
        let message = format!("`{name}` is there twice");
        let help = format!("the first is in line {line}: remove one of them");
        self.refuse(&ReadPath::Named(place, name), Some(span), &message, Some(help));
    }

    /// What the tag says. Anchors are refused on the way.
    fn meaning(&mut self, tag: Option<&Tag>, anchor: usize, span: Span, place: &ReadPath<'_>) -> Meaning {
        if anchor > 0 {
            let help = "write out the value wherever it is needed".to_owned();
            self.refuse(place, Some(span), "CloudFormation takes no anchors and aliases", Some(help));
        }
        let Some(tag) = tag else { return Meaning::Itself };
        match (tag.handle.as_str(), tag.suffix.as_str()) {
            ("", "!") | ("tag:yaml.org,2002:", "str") => Meaning::Text,
            ("tag:yaml.org,2002:", "bool" | "float" | "int" | "map" | "null" | "seq") => Meaning::Itself,
            ("!", short) => match long_name(short) {
                Some(name) => Meaning::Call(name, "!".len() + short.len()),
                None => self.refuse_tag(&tag.to_string(), span, place),
            },
            ("tag:yaml.org,2002:", suffix) => self.refuse_tag(&format!("!!{suffix}"), span, place),
            _ => self.refuse_tag(&tag.to_string(), span, place),
        }
    }

    fn refuse_tag(&mut self, tag: &str, span: Span, place: &ReadPath<'_>) -> Meaning {
        let help = nearest(tag.trim_start_matches('!'), SHORT_NAMES).map(|name| format!("did you mean !{name}?"));
        self.refuse(place, Some(span), &format!("CloudFormation knows no tag {tag}"), help);
        Meaning::Text
    }

    /// The value with its tag, and calls of functions in their one form.
    fn finish(&mut self, content: Content, meaning: Meaning, span: Span) -> Node {
        let mut node = Node { content, span: Some(span) };
        if let Meaning::Call(name, length) = meaning {
            let tag = Span { start: span.start, end: span.start + length };
            node.span = Some(self.behind(tag, span.end));
            node = Node { content: call(name, Some(tag), node), span: Some(span) };
        }
        settle(&mut node);
        node
    }

    /// From the first text behind a tag.
    fn behind(&self, tag: Span, end: usize) -> Span {
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

    /// Where the character of that number begins.
    fn byte(&self, character: usize) -> usize {
        let start = self.starts.as_ref().map_or(Some(character), |starts| starts.get(character).copied());
        start.unwrap_or(self.text.len()).min(self.text.len())
    }

    fn refuse_syntax(&mut self, error: &ScanError) {
        let at = self.byte(error.marker().index());
        if let Some(tab) = self.indenting_tab(at).filter(|_| error.info().contains("tab")) {
            let help = "YAML is indented with spaces".to_owned();
            self.refuse(&ReadPath::Top, Some(Span { start: tab, end: tab + 1 }), "a tab indents this line", Some(help));
            return;
        }
        // The parser has a limit of its own, and looks ahead.
        let (message, help) = if error.info().contains("recursion limit") {
            (TOO_DEEP.to_owned(), None)
        } else {
            let language = if self.text.trim_start().starts_with('{') { "JSON" } else { "YAML" };
            (format!("this is not valid {language}: {}", error.info()), advice(error.info()).map(str::to_owned))
        };
        self.refuse(&ReadPath::Top, Some(Span { start: at, end: at }), &message, help);
    }

    /// The first tab that indents a line, from the line of that position on: where a text goes over many lines, the parser
    /// points to its first.
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

    fn refuse(&mut self, place: &ReadPath<'_>, span: Option<Span>, message: &str, help: Option<String>) {
        let (severity, path, message) = (Severity::Error, place.to_string(), message.to_owned());
        self.findings.push(TemplateFinding { severity, path, span, message, help });
    }
}

/// What to do about the parser's commonest complaints, which say little to whoever does not know how YAML is parsed.
fn advice(complaint: &str) -> Option<&'static str> {
    const ADVICE: [(&str, &str); 3] = [
        (
            "mapping values are not allowed",
            "a name ends in a colon and a space; a text that has both in it needs quotes",
        ),
        ("did not find expected key", "names of one mapping begin in the same column"),
        ("invalid Unicode character escape", "write the character itself: YAML knows no pairs of surrogates"),
    ];
    ADVICE.iter().find(|(start, _)| complaint.contains(start)).map(|(_, advice)| *advice)
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
