//! Reads YAML, of which JSON is a subset, into a [`Node`].
//!
//! Refuses what CloudFormation does not support: anchors, aliases and merge keys (thus no short text expands to a large
//! template), unknown tags, and duplicate keys.

use super::core_tag::CoreTag;
use super::finding::ReadPath;
use super::layout::Layout;
use super::node::{SHORT_NAMES, call, long_name, normalize};
use super::scalar::resolve;
use super::source::position;
use super::syntax::{advice, is_about_tab};
use super::yaml_1_1::{Fault, Yaml11};
use super::{Content, Entry, FindingCode, Findings, Mapping, Node, Severity, Source, Span, TemplateFinding, nearest};
use granit_parser::{
    ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, StrInput, StructureStyle, Tag, options,
};
use indexmap::map;
use std::borrow::Cow;

/// How deep values may be nested. Templates need a fraction of it. Tags may double the depth, and the deployer reads JSON up to
/// a depth of 128.
const MAX_DEPTH: usize = 60;
const TOO_DEEP: &str = "nested deeper than 60 values";
const FLATTEN: &str = "flatten the value";
/// Stands in a path for a key that is not a string: YAML's indicator for complex keys.
const NO_NAME: &str = "?";
const NO_ANCHORS: &str = "CloudFormation does not support anchors and aliases";
const WRITE_OUT: &str = "write the value out in each place";
/// Reading stops after this number of findings.
const MAX_FINDINGS: usize = 100;

/// Reads a template.
///
/// # Errors
/// All findings in the text. Reading stops at a syntax error.
pub fn read(source: &Source) -> Result<Node, Findings> {
    let mut layout = Layout::of(&source.text);
    loop {
        let mut reader = Reader::of(&source.text, &layout);
        let node = reader.template();
        let Reader { findings, error, .. } = reader;
        match (node, error) {
            (Ok(node), _) if !findings.refuse() => return Ok(node),
            (_, Some(error)) if layout.repair(&error) => {}
            _ => return Err(findings),
        }
    }
}

/// The reader cannot go on; a finding has the reason.
struct Stop;

struct Reader<'t> {
    /// The text as it was written, into which all spans point.
    text: &'t str,
    layout: &'t Layout<'t>,
    parser: Parser<'t, StrInput<'t>>,
    yaml_1_1: Yaml11<'t>,
    /// The number of lists and mappings in brackets around the next value.
    brackets: usize,
    findings: Findings,
    /// The syntax error at which reading stopped.
    error: Option<ScanError>,
}

/// What the tag of a value means.
enum Meaning {
    /// The value has no tag.
    Itself,
    /// The value has a tag that YAML itself defines.
    Core(CoreTag),
    /// The value is the argument of a function: its long name, and the tag.
    Call(String, Span),
    /// The tag is refused.
    Unknown,
}

/// A scalar, as it was written.
struct Scalar<'t> {
    text: Cow<'t, str>,
    style: ScalarStyle,
}

/// The parser reads as YAML 1.1 where it can. It reads on after an alias without an anchor: both are refused here.
fn parser_options() -> Options {
    options! {
        block_scalar_eof_without_line_feed: true,
        bom_inside_document_as_content: true,
        emit_anchor_events: true,
        emit_comments: false,
        emit_unresolved_aliases: true,
    }
}

impl<'t> Reader<'t> {
    fn of(text: &'t str, layout: &'t Layout<'t>) -> Self {
        Self {
            text,
            layout,
            parser: Parser::new_from_str_with_options(layout.text(), parser_options()),
            yaml_1_1: Yaml11::of(text),
            brackets: 0,
            findings: Findings::default(),
            error: None,
        }
    }

    fn template(&mut self) -> Result<Node, Stop> {
        let (_stream, _) = self.next()?;
        if let (Event::StreamEnd, _) = self.next()? {
            self.refuse_empty();
            return Err(Stop);
        }
        self.check_head();
        let node = self.value(&ReadPath::Top)?;
        let (_document_end, at) = self.next()?;
        let fault = self.yaml_1_1.rest(at.span.start);
        self.refuse_fault(fault, &ReadPath::Top);
        if let (Event::DocumentStart(..), at) = self.next()? {
            let help = "a template is one document; remove this line, or everything below it";
            self.refuse(FindingCode::Syntax, &ReadPath::Top, Some(at.span), "a second document begins here", help);
        } else {
            let fault = self.yaml_1_1.rest(self.text.len());
            self.refuse_fault(fault, &ReadPath::Top);
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

    /// Refuses the end of a document in front of the template. The parser skips it.
    fn check_head(&mut self) {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let content = line.trim_start_matches('\u{feff}').trim_end();
            if content == "..." || content.starts_with("... ") {
                let span = Some(Span { start, end: start + content.len() });
                self.refuse(FindingCode::Syntax, &ReadPath::Top, span, "a document ends before it begins", "remove it");
            }
            if !content.is_empty() && !content.starts_with(['#', '%']) {
                return;
            }
            start += line.len();
        }
    }

    fn value(&mut self, path: &ReadPath<'_>) -> Result<Node, Stop> {
        let (event, at) = self.next()?;
        self.value_from(event, at, path)
    }

    /// Reads the value that begins with an event.
    fn value_from(&mut self, event: Event<'t>, at: Located, path: &ReadPath<'_>) -> Result<Node, Stop> {
        if path.depth() > MAX_DEPTH {
            self.refuse(FindingCode::TooDeep, path, Some(at.span), TOO_DEEP, FLATTEN);
            return Err(Stop);
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, at, path)?;
                let content = self.scalar(&Scalar { text, style }, &meaning, at, path);
                Ok(finish(content, meaning, at.span))
            }
            Event::SequenceStart(style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, at, path)?;
                self.check_collection(&meaning, CoreTag::is_of_lists, at, path);
                let (nodes, end) = self.in_brackets(style, |reader| reader.sequence(style, at.span.end, path))?;
                Ok(finish(Content::Sequence(nodes), meaning, Span { end, ..at.span }))
            }
            Event::MappingStart(style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, at, path)?;
                self.check_collection(&meaning, CoreTag::is_of_mappings, at, path);
                let (mapping, end) = self.in_brackets(style, |reader| reader.mapping(style, at.span.end, path))?;
                Ok(finish(Content::Mapping(mapping), meaning, Span { end, ..at.span }))
            }
            // The anchor of any other alias is refused.
            Event::UnresolvedAlias(_) => {
                self.refuse(FindingCode::Anchor, path, Some(at.span), NO_ANCHORS, WRITE_OUT);
                Ok(Node { content: Content::Null, span: Some(at.span) })
            }
            _alias => Ok(Node { content: Content::Null, span: Some(at.span) }),
        }
    }

    /// The value of a scalar. The argument of a function is always a string.
    fn scalar(&mut self, scalar: &Scalar<'_>, meaning: &Meaning, at: Located, path: &ReadPath<'_>) -> Content {
        let text = scalar.text(at.span);
        self.check_scalar(scalar, at.span, path);
        match meaning {
            Meaning::Itself if scalar.style == ScalarStyle::Plain => resolve(text),
            Meaning::Itself | Meaning::Call(..) | Meaning::Unknown => Content::String(text.to_owned()),
            Meaning::Core(tag) => tag.scalar(text).unwrap_or_else(|| {
                self.refuse_core_tag(at, path);
                Content::Null
            }),
        }
    }

    fn check_scalar(&mut self, scalar: &Scalar<'_>, span: Span, path: &ReadPath<'_>) {
        let is_blank = scalar.text.trim().is_empty();
        let fault = self.yaml_1_1.scalar(scalar.style, span, is_blank, self.brackets > 0);
        self.refuse_fault(fault, path);
    }

    fn refuse_fault(&mut self, fault: Option<Fault>, path: &ReadPath<'_>) {
        let Some(Fault { span, message, help }) = fault else { return };
        self.refuse(FindingCode::Syntax, path, Some(span), message, help);
    }

    fn check_collection(
        &mut self,
        meaning: &Meaning,
        is_accepted: fn(CoreTag) -> bool,
        at: Located,
        path: &ReadPath<'_>,
    ) {
        if let Meaning::Core(tag) = meaning
            && !is_accepted(*tag)
        {
            self.refuse_core_tag(at, path);
        }
    }

    fn refuse_core_tag(&mut self, at: Located, path: &ReadPath<'_>) {
        let message = "the value is not of the type that its tag names";
        self.refuse(FindingCode::WrongType, path, at.tag, message, "remove the tag");
    }

    /// Reads the items of a list or mapping, and knows for each whether it is inside of brackets.
    fn in_brackets<T>(
        &mut self,
        style: StructureStyle,
        read: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let brackets = usize::from(style == StructureStyle::Flow);
        self.brackets += brackets;
        let items = read(self);
        self.brackets -= brackets;
        items
    }

    /// Reads the rest of a list. Returns its items and its end: the closing bracket, or the end of the last item.
    fn sequence(
        &mut self,
        style: StructureStyle,
        mut end: usize,
        path: &ReadPath<'_>,
    ) -> Result<(Vec<Node>, usize), Stop> {
        let mut nodes = Vec::new();
        loop {
            let (event, at) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok((nodes, last_byte(style, end, at)));
            }
            let node = self.value_from(event, at, &ReadPath::At(path, nodes.len()))?;
            end = node.span.map_or(end, |span| span.end);
            nodes.push(node);
        }
    }

    /// Reads the rest of a mapping. Returns it and its end: the closing bracket, or the end of the last value.
    fn mapping(
        &mut self,
        style: StructureStyle,
        mut end: usize,
        path: &ReadPath<'_>,
    ) -> Result<(Mapping, usize), Stop> {
        let mut mapping = Mapping::new();
        loop {
            let (event, at) = self.next()?;
            if event == Event::MappingEnd {
                return Ok((mapping, last_byte(style, end, at)));
            }
            let Some(name) = self.name(event, at, path)? else {
                self.value(&ReadPath::Named(path, NO_NAME))?;
                continue;
            };
            let value = self.value(&ReadPath::Named(path, &name))?;
            end = value.span.map_or(end, |span| span.end);
            match mapping.entry(name) {
                map::Entry::Vacant(vacant) => drop(vacant.insert_entry(Entry { key_span: Some(at.span), value })),
                map::Entry::Occupied(first) => self.refuse_duplicate(&first, at.span, path),
            }
        }
    }

    /// Reads the key that begins with an event. None if it is not a valid key, which is a finding.
    fn name(&mut self, event: Event<'t>, at: Located, path: &ReadPath<'_>) -> Result<Option<String>, Stop> {
        let (code, message, help) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), anchor, at, path)?;
                let scalar = Scalar { text, style };
                self.check_scalar(&scalar, at.span, path);
                let whole = Span { start: at.tag.map_or(at.span.start, |tag| tag.start), ..at.span };
                let fault = self.yaml_1_1.key(whole, self.brackets > 0);
                self.refuse_fault(fault, path);
                match (style, scalar.text(at.span)) {
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
                    (_, text) => return Ok(Some(text.to_owned())),
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                (FindingCode::InvalidKey, "an alias cannot be a key", "write a string")
            }
            list_or_mapping => {
                self.value_from(list_or_mapping, at, &ReadPath::Named(path, NO_NAME))?;
                (FindingCode::InvalidKey, "a list or mapping cannot be a key", "write a string")
            }
        };
        self.refuse(code, path, Some(at.tag.unwrap_or(at.span)), message, help);
        Ok(None)
    }

    fn refuse_duplicate(&mut self, first: &map::OccupiedEntry<'_, String, Entry>, span: Span, path: &ReadPath<'_>) {
        let (name, first) = (first.key(), first.get().key_span.unwrap_or_default());
        let (line, _) = position(self.text.get(..first.start).unwrap_or_default());
        let message = format!("duplicate key `{name}`");
        let help = format!("the first is in line {line}; remove one of them");
        self.refuse(FindingCode::DuplicateKey, &ReadPath::Named(path, name), Some(span), &message, help);
    }

    /// The meaning of a tag. Refuses an anchor, which the parser reports after the value.
    fn meaning(&mut self, tag: Option<&Tag>, anchor: usize, at: Located, path: &ReadPath<'_>) -> Result<Meaning, Stop> {
        if anchor > 0 {
            let (_anchor, anchor) = self.next()?;
            self.refuse(FindingCode::Anchor, path, Some(anchor.span), NO_ANCHORS, WRITE_OUT);
        }
        let (Some(tag), Some(tag_span)) = (tag, at.tag) else { return Ok(Meaning::Itself) };
        let fault = self.yaml_1_1.tag(tag_span);
        self.refuse_fault(fault, path);
        let name = format!("{}{}", tag.handle(), tag.suffix());
        if let Some(tag) = CoreTag::of(&name) {
            return Ok(Meaning::Core(tag));
        }
        Ok(match name.strip_prefix('!').and_then(long_name) {
            Some(long_name) => Meaning::Call(long_name, tag_span),
            None => self.refuse_tag(&CoreTag::short(&name), tag_span, path),
        })
    }

    fn refuse_tag(&mut self, tag: &str, span: Span, path: &ReadPath<'_>) -> Meaning {
        let help = match nearest(tag.trim_start_matches('!'), SHORT_NAMES) {
            Some(name) => format!("did you mean `!{name}`?"),
            None => format!("known tags: !{}", SHORT_NAMES.join(", !")),
        };
        self.refuse(FindingCode::UnknownTag, path, Some(span), &format!("unknown tag `{tag}`"), help);
        Meaning::Unknown
    }

    fn next(&mut self) -> Result<(Event<'t>, Located), Stop> {
        if self.findings.all().len() >= MAX_FINDINGS {
            return Err(Stop);
        }
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                Ok((event, Located { span: self.written(span), tag: span.tag_span().map(|tag| self.written(tag)) }))
            }
            Some(Err(error)) => {
                self.refuse_syntax(&error);
                self.error = Some(error);
                Err(Stop)
            }
            None => Err(Stop),
        }
    }

    /// The span in the text as it was written.
    fn written(&self, span: granit_parser::Span) -> Span {
        let byte = |offset: Option<usize>| self.layout.written(offset.unwrap_or(self.layout.text().len()));
        Span { start: byte(span.start.byte_offset()), end: byte(span.end.byte_offset()) }
    }

    fn refuse_syntax(&mut self, error: &ScanError) {
        let at = self.written(granit_parser::Span::empty(*error.marker())).start;
        if let Some(tab) = self.indenting_tab(at).filter(|_| is_about_tab(error.kind())) {
            let span = Some(Span { start: tab, end: tab + 1 });
            self.refuse(FindingCode::Syntax, &ReadPath::Top, span, "a tab indents this line", "indent with spaces");
            return;
        }
        let span = Some(Span { start: at, end: at });
        // The parser has a depth limit of its own, and reads ahead.
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            self.refuse(FindingCode::TooDeep, &ReadPath::Top, span, TOO_DEEP, FLATTEN);
            return;
        }
        let language = if self.text.trim_start().starts_with('{') { "JSON" } else { "YAML" };
        let message = format!("invalid {language}: {}", error.info());
        self.refuse(FindingCode::Syntax, &ReadPath::Top, span, &message, advice(error.kind()));
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

/// Where a value is.
#[derive(Clone, Copy)]
struct Located {
    /// The value, without its tag.
    span: Span,
    /// Its tag.
    tag: Option<Span>,
}

impl Scalar<'_> {
    /// The text. The parser reports a value that is not written at all as `~`.
    fn text(&self, span: Span) -> &str {
        let is_written = self.style != ScalarStyle::Plain || span.end > span.start;
        if is_written { &self.text } else { "" }
    }
}

/// The end of a list or mapping: its closing bracket, or the end of its last value.
fn last_byte(style: StructureStyle, end: usize, at: Located) -> usize {
    if style == StructureStyle::Flow { at.span.end.max(end) } else { end }
}

/// Applies the meaning of the tag to a value.
fn finish(content: Content, meaning: Meaning, span: Span) -> Node {
    let mut node = Node { content, span: Some(span) };
    if let Meaning::Call(name, tag) = meaning {
        node = Node { content: call(name, Some(tag), node), span: Some(Span { start: tag.start, ..span }) };
    }
    normalize(&mut node);
    node
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
