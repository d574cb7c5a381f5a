//! Writes HTML in which data is always escaped.

use bifrost_core::strip_control::{escape_json, one_line};
use serde::Serialize;

/// HTML that is being written. Markup is only what the program has as a constant; everything else is escaped.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Adds markup of the program.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text, for the content of an element or the value of an attribute in quotes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in one_line(text).chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// Adds an element with text.
    pub(super) fn element(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        self.markup(open).text(text).markup(close)
    }

    /// Adds JSON for the content of a `script`. No text in it ends the element or begins a comment.
    pub(super) fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> &mut Self {
        let json = escape_json(serde_json::to_string(value).unwrap_or_default());
        for c in json.chars() {
            match c {
                '<' => self.0.push_str("\\u003c"),
                '>' => self.0.push_str("\\u003e"),
                '&' => self.0.push_str("\\u0026"),
                c => self.0.push(c),
            }
        }
        self
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_has_no_markup(text in any::<String>()) {
            let mut html = Html::default();
            html.text(&text);
            let html = html.finish();
            prop_assert!(!html.contains(['<', '>', '"', '\'']));
            let read = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
            prop_assert_eq!(read, one_line(&text).into_owned());
        }

        #[test]
        fn json_has_no_markup(text in any::<String>(), tag in "(</?script>|</?SCRIPT>|<!--|-->|]]>)") {
            let value = format!("{text}{tag}{text}");
            let mut html = Html::default();
            html.json(&value);
            let html = html.finish();
            prop_assert!(!html.contains(['<', '>', '&']));
            prop_assert_eq!(serde_json::from_str::<String>(&html).unwrap(), value);
        }
    }
}
