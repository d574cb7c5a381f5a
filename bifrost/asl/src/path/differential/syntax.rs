//! Generated paths, and the ways to write them.

#[derive(Debug, Clone)]
pub(super) enum Part {
    Name(String),
    Index(usize),
    FromEnd(usize),
    Union(Vec<usize>),
    From(usize),
    Last(usize),
    Before(usize),
    Without(usize),
    Between(usize, usize),
    Wildcard,
    ScanName(String),
    ScanAll,
    ScanFilter(Condition),
    Filter(Condition),
}

#[derive(Debug, Clone)]
pub(super) enum Condition {
    Exists(Vec<String>, bool),
    Compare(Vec<String>, &'static str, Literal),
    Matches(Vec<String>, &'static str),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

#[derive(Debug, Clone)]
pub(super) enum Literal {
    Number(i32),
    Text(String),
    Bool(bool),
    Null,
}

/// How a path is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) blanks: bool,
    pub(super) brackets: bool,
    /// Whether texts have no quotes where they need none.
    pub(super) bare_words: bool,
}

impl Style {
    fn name(self, name: &str) -> String {
        let needs_brackets = !name.chars().all(char::is_alphanumeric);
        if self.brackets || needs_brackets { format!("['{name}']") } else { format!(".{name}") }
    }

    pub(super) fn part(self, part: &Part) -> String {
        let blank = if self.blanks { " " } else { "" };
        match part {
            Part::Name(name) => self.name(name),
            Part::Index(index) => format!("[{blank}{index}{blank}]"),
            Part::FromEnd(index) => format!("[(@.length{blank}-{blank}{index})]"),
            Part::Union(indices) => {
                let indices: Vec<String> = indices.iter().map(usize::to_string).collect();
                format!("[{}]", indices.join(&format!(",{blank}")))
            }
            Part::From(from) => format!("[{from}:]"),
            Part::Last(count) => format!("[-{count}:]"),
            Part::Before(to) => format!("[:{to}]"),
            Part::Without(count) => format!("[:-{count}]"),
            Part::Between(from, to) => format!("[{from}:{to}]"),
            Part::Wildcard => if self.brackets { "[*]" } else { ".*" }.to_owned(),
            Part::ScanName(name) => {
                let name = self.name(name);
                format!("..{}", name.trim_start_matches('.'))
            }
            Part::ScanAll => if self.brackets { "..[*]" } else { "..*" }.to_owned(),
            Part::ScanFilter(condition) => format!("..[?({blank}{}{blank})]", self.condition(condition)),
            Part::Filter(condition) => format!("[?({blank}{}{blank})]", self.condition(condition)),
        }
    }

    fn condition(self, condition: &Condition) -> String {
        let blank = if self.blanks { " " } else { "" };
        let at = |names: &[String]| format!("@{}", names.iter().map(|name| self.name(name)).collect::<String>());
        match condition {
            Condition::Exists(names, true) => at(names),
            Condition::Exists(names, false) => format!("!{}", at(names)),
            Condition::Compare(names, operator, literal) => {
                format!("{}{blank}{operator}{blank}{}", at(names), self.literal(literal))
            }
            Condition::Matches(names, pattern) => format!("{}{blank}=~{blank}{pattern}", at(names)),
            Condition::And(left, right) => {
                format!("({}){blank}&&{blank}({})", self.condition(left), self.condition(right))
            }
            Condition::Or(left, right) => {
                format!("({}{blank}||{blank}{})", self.condition(left), self.condition(right))
            }
        }
    }

    fn literal(self, literal: &Literal) -> String {
        match literal {
            Literal::Number(number) => number.to_string(),
            Literal::Text(text) if self.bare_words && !text.is_empty() && text.chars().all(char::is_alphabetic) => {
                text.clone()
            }
            Literal::Text(text) => format!("'{text}'"),
            Literal::Bool(flag) => flag.to_string(),
            Literal::Null => "null".to_owned(),
        }
    }
}
