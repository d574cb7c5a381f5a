//! serde's `rename_all`.

use syn::{Error, LitStr, Result};

#[derive(Clone, Copy)]
pub(super) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    pub(super) fn parse(name: &LitStr) -> Result<Self> {
        Ok(match name.value().as_str() {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            other => return Err(Error::new(name.span(), format!("unknown case `{other}`"))),
        })
    }

    /// The name that serde writes for a field, which is in `snake_case`.
    pub(super) fn of_field(self, field: &str) -> String {
        match self {
            Self::Lower | Self::Snake => field.to_owned(),
            Self::Upper | Self::ScreamingSnake => field.to_ascii_uppercase(),
            Self::Pascal => field.split('_').map(capitalized).collect(),
            Self::Camel => {
                let pascal = Self::Pascal.of_field(field);
                let mut characters = pascal.chars();
                let first = characters.next().map(|first| first.to_ascii_lowercase());
                first.into_iter().chain(characters).collect()
            }
            Self::Kebab => field.replace('_', "-"),
            Self::ScreamingKebab => field.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// The name that serde writes for a variant, which is in `PascalCase`.
    pub(super) fn of_variant(self, variant: &str) -> String {
        match self {
            Self::Pascal => variant.to_owned(),
            Self::Lower => variant.to_ascii_lowercase(),
            Self::Upper => variant.to_ascii_uppercase(),
            Self::Camel => {
                let mut characters = variant.chars();
                let first = characters.next().map(|first| first.to_ascii_lowercase());
                first.into_iter().chain(characters).collect()
            }
            Self::Snake | Self::ScreamingSnake | Self::Kebab | Self::ScreamingKebab => {
                self.of_field(&in_snake_case(variant))
            }
        }
    }
}

/// As serde does: an underscore before each capital letter but the first.
fn in_snake_case(variant: &str) -> String {
    let mut snake = String::new();
    for (index, character) in variant.char_indices() {
        if index > 0 && character.is_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::Case::{self, Camel, Kebab, Lower, Pascal, ScreamingKebab, ScreamingSnake, Snake, Upper};

    #[test]
    fn fields_have_the_names_of_serde() {
        let of = |case: Case| case.of_field("wait_for_2nd_run");
        assert_eq!(of(Lower), "wait_for_2nd_run");
        assert_eq!(of(Snake), "wait_for_2nd_run");
        assert_eq!(of(Upper), "WAIT_FOR_2ND_RUN");
        assert_eq!(of(ScreamingSnake), "WAIT_FOR_2ND_RUN");
        assert_eq!(of(Pascal), "WaitFor2ndRun");
        assert_eq!(of(Camel), "waitFor2ndRun");
        assert_eq!(of(Kebab), "wait-for-2nd-run");
        assert_eq!(of(ScreamingKebab), "WAIT-FOR-2ND-RUN");
    }

    #[test]
    fn variants_have_the_names_of_serde() {
        let of = |case: Case| case.of_variant("SkipDetachCheck");
        assert_eq!(of(Lower), "skipdetachcheck");
        assert_eq!(of(Upper), "SKIPDETACHCHECK");
        assert_eq!(of(Pascal), "SkipDetachCheck");
        assert_eq!(of(Camel), "skipDetachCheck");
        assert_eq!(of(Snake), "skip_detach_check");
        assert_eq!(of(ScreamingSnake), "SKIP_DETACH_CHECK");
        assert_eq!(of(Kebab), "skip-detach-check");
        assert_eq!(of(ScreamingKebab), "SKIP-DETACH-CHECK");
    }
}
