//! What an unknown name was probably meant to be.

/// The name nearest to what was written, if it may be what was meant. Whether letters are large or small does not count, as
/// mixing them up is the commonest mistake of all.
///
/// ```
/// use fenrir::template::nearest;
/// assert_eq!(nearest("runtme", ["Handler", "Runtime"]), Some("Runtime"));
/// assert_eq!(nearest("Colour", ["Handler", "Runtime"]), None);
/// ```
pub fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    /// Below it two names have too little in common: all names of types begin alike.
    const ALIKE: f64 = 0.89;
    let written = written.to_ascii_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&written, &name.to_ascii_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_pen_finds_its_name() {
        assert_eq!(nearest("Runtme", ["Role", "Runtime", "Handler"]), Some("Runtime"));
        let types = ["AWS::Serverless::Api", "AWS::Serverless::Function"];
        assert_eq!(nearest("AWS::Serverless::Funtion", types), Some("AWS::Serverless::Function"));
    }

    #[test]
    fn large_and_small_letters_do_not_count() {
        assert_eq!(nearest("ROLE", ["Policies", "Role"]), Some("Role"));
    }

    #[test]
    fn a_name_like_none_of_them_finds_none() {
        assert_eq!(nearest("Colour", ["Handler", "Runtime"]), None);
        assert_eq!(nearest("AWS::S3::Bucket", ["AWS::SQS::Queue", "AWS::Serverless::Function"]), None);
        assert_eq!(nearest("Colour", []), None);
    }
}
