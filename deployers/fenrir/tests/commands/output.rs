//! Text output without parts that differ between runs.

/// The output of `deploy`: first the states, then the log, then the end. In the output itself, states and log are mixed in an
/// order that depends on the load of the machine.
pub(crate) fn deploy(shown: &str) -> String {
    let (progress, end) = shown.split_once("\n\n").unwrap();
    let mut lines = progress.lines();
    let start = lines.next().unwrap();
    let release = start.split(' ').nth(1).unwrap();
    let (log, states): (Vec<_>, Vec<_>) = lines.partition(|line| is_of_log(line));
    let parts = [start.to_owned(), states.join("\n"), log.join("\n"), end.to_owned()];
    redacted(&parts.join("\n\n"), release)
}

/// A line of the log has its time, four spaces, and the event.
fn is_of_log(line: &str) -> bool {
    let (_, rest) = line.split_at_checked(6).unwrap_or_default();
    rest.starts_with("    ") && rest.chars().nth(4).is_some_and(char::is_alphabetic)
}

/// The text without the release id, the duration of the command, and generated ids.
fn redacted(text: &str, release: &str) -> String {
    let deploy = release.replacen("release-", "deploy-coinbase-deploy-test-development-", 1);
    let text = text.replace(&deploy, "<execution>").replace(release, "<release>");
    let text = between(&text, "(", " s here)", "<seconds>");
    between(&text, "https://", ".execute-api", "<id>")
}

/// Replaces the text between `before` and `behind`, if both are in it.
fn between(text: &str, before: &str, behind: &str, by: &str) -> String {
    let Some((start, rest)) = text.split_once(behind) else { return text.to_owned() };
    let Some((start, _)) = start.rsplit_once(before) else { return text.to_owned() };
    format!("{start}{before}{by}{behind}{rest}")
}
