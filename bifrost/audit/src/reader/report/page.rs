//! The page around the time lines: its head, the summary, the tables.

use super::html::Html;
use super::{Report, VerificationResult};
use crate::reader::plain_text::{counted, duration, moment};
use crate::reader::rows::{Act, Deploy};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bifrost_core::audit::Outcome;
use bifrost_core::release::Sha256;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What follows the time lines.
pub(super) const END: &str = "</section>\n</main>\n</body>\n</html>\n";

pub(super) fn begin(report: &Report<'_>) -> String {
    let mut page = Html::default();
    head(&mut page, report);
    summary(&mut page, report);
    deploys(&mut page, report);
    acts(&mut page, report);
    notices(&mut page, report);
    page.markup("<script type=\"application/json\" id=\"data\">").json(report.deploys).markup("</script>\n");
    page.markup("<script>").markup(SCRIPT).markup("</script>\n");
    page.markup("<section id=\"timelines\" aria-labelledby=\"timelines-title\">\n");
    page.markup("<h2 id=\"timelines-title\">Time lines</h2>\n");
    if !report.has_timelines {
        page.markup(
            "<p>This report has no time lines. <code>bifrost audit show</code> prints that of one deploy.</p>\n",
        );
    }
    page.finish()
}

/// The id of the time line of the deploy with these records.
pub(super) fn anchor(records: &str) -> String {
    let digest: String = Sha256::of(records.as_bytes()).to_string().chars().take(16).collect();
    format!("d-{digest}")
}

/// The source of a script or style in a content security policy.
fn policy_hash(content: &str) -> String {
    let bytes = *Sha256::of(content.as_bytes()).as_bytes();
    format!("'sha256-{}'", BASE64_STANDARD.encode(bytes))
}

fn head(page: &mut Html, report: &Report<'_>) {
    page.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    // Nothing is loaded, and nothing but this script runs, whatever the data has.
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        policy_hash(SCRIPT),
        policy_hash(STYLE)
    );
    page.markup("<meta http-equiv=\"Content-Security-Policy\" content=\"").text(&policy).markup("\">\n");
    page.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.element("<title>Audit report: ", report.origin, "</title>\n");
    page.markup("<style>").markup(STYLE).markup("</style>\n</head>\n<body>\n");
    page.markup(
        "<a class=\"skip\" href=\"#deploys\">Skip to the deploys</a>\n<header>\n<p class=\"kind\">Audit report</p>\n",
    );
    page.element("<h1>", if report.origin.is_empty() { "Empty log" } else { report.origin }, "</h1>\n");
    let range = match (report.since, report.until) {
        (None, None) => "All deploys of the log".to_owned(),
        (Some(since), None) => format!("From {} UTC", moment(since)),
        (None, Some(until)) => format!("Before {} UTC", moment(until)),
        (Some(since), Some(until)) => format!("From {} UTC to before {} UTC", moment(since), moment(until)),
    };
    let filters = report.filters.iter().fold(range, |all, filter| all + ", " + filter);
    page.element("<p>", &filters, "</p>\n</header>\n<main>\n");
}

fn summary(page: &mut Html, report: &Report<'_>) {
    page.markup("<section aria-labelledby=\"summary-title\">\n<h2 id=\"summary-title\">Summary</h2>\n");
    verification(page, report.verification);
    page.markup("<dl class=\"counts\">\n");
    count(page, "Deploys", report.deploys.len(), "");
    let outcomes = [Outcome::Success, Outcome::FailureClean, Outcome::FailureDirty, Outcome::Refused, Outcome::Stopped];
    for outcome in outcomes.map(Some).into_iter().chain([None]) {
        let found = report.deploys.iter().filter(|deploy| deploy.outcome == outcome).count();
        if found > 0 {
            count(page, outcome_label(outcome), found, outcome_class(outcome));
        }
    }
    count(page, "Acts of people", report.acts.len(), "");
    let open = report.open_acts.len();
    count(page, "Open reviews", open, if open > 0 { "bad" } else { "" });
    page.markup("</dl>\n<dl class=\"facts\">\n");
    fact(page, "Checkpoint", &counted(report.size, "entry", "entries"));
    page.markup("<div><dt>Root</dt><dd><code>").text(report.root).markup("</code></dd></div>\n");
    fact(page, "Report made", &format!("{} UTC", moment(report.made)));
    page.markup("</dl>\n</section>\n");
}

fn verification(page: &mut Html, result: Option<&VerificationResult>) {
    let Some(VerificationResult { is_intact, findings, warnings, holds, limits }) = result else {
        page.markup(
            "<div class=\"verdict unknown\"><p><strong>Not verified.</strong> Run <code>bifrost audit verify</code> ",
        );
        page.markup("before you rely on this report.</p></div>\n");
        return;
    };
    if *is_intact && !warnings.is_empty() {
        let warnings = counted(warnings.len(), "warning", "warnings");
        page.markup("<div class=\"verdict unknown\"><p><strong>Verified: no error, ").text(&warnings);
        page.markup(".</strong></p>\n");
    } else if *is_intact {
        page.markup("<div class=\"verdict good\"><p><strong>Verified.</strong> Nothing in the log is altered, missing, reordered or forged.</p>\n");
    } else {
        page.markup(
            "<div class=\"verdict bad\"><p><strong>Verification failed.</strong> Do not rely on what it names:</p>\n",
        );
    }
    let lists = [
        ("<ul class=\"findings\">\n", findings),
        ("<p>Worth a look:</p>\n<ul>\n", warnings),
        ("<p>What holds:</p>\n<ul>\n", holds),
        ("<p>What was not checked:</p>\n<ul>\n", limits),
    ];
    for (begin, lines) in lists {
        if !lines.is_empty() {
            page.markup(begin);
            for line in lines {
                page.element("<li>", line, "</li>\n");
            }
            page.markup("</ul>\n");
        }
    }
    page.markup("</div>\n");
}

fn count(page: &mut Html, label: &str, number: usize, class: &'static str) {
    page.markup("<div class=\"").markup(class).markup("\">");
    page.element("<dt>", label, "</dt>").element("<dd>", &number.to_string(), "</dd></div>\n");
}

fn fact(page: &mut Html, label: &'static str, value: &str) {
    page.element("<div><dt>", label, "</dt>").element("<dd>", value, "</dd></div>\n");
}

fn outcome_label(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Success) => "Success",
        Some(Outcome::FailureClean) => "Failed clean",
        Some(Outcome::FailureDirty) => "Failed dirty",
        Some(Outcome::Refused) => "Refused",
        Some(Outcome::Stopped) => "Stopped",
        None => "Not ended",
    }
}

fn outcome_class(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Success) => "good",
        Some(Outcome::FailureDirty) => "bad",
        Some(Outcome::FailureClean | Outcome::Stopped) | None => "warn",
        Some(Outcome::Refused) => "plain",
    }
}

/// Adds the outcome of a deploy, as a coloured label.
pub(super) fn outcome(page: &mut Html, outcome: Option<Outcome>) {
    page.markup("<span class=\"outcome ").markup(outcome_class(outcome)).markup("\">");
    page.markup(outcome_label(outcome)).markup("</span>");
}

fn deploys(page: &mut Html, report: &Report<'_>) {
    page.markup("<section id=\"deploys\" aria-labelledby=\"deploys-title\">\n<h2 id=\"deploys-title\">Deploys</h2>\n");
    page.markup(
        "<form id=\"filters\" hidden aria-label=\"Filter the deploys\"></form>\n<p id=\"shown\" role=\"status\"></p>\n",
    );
    if report.deploys.is_empty() {
        page.markup("<p>The log has no deploys in this range.</p>\n</section>\n");
        return;
    }
    page.markup("<table id=\"table\">\n<thead><tr><th scope=\"col\" aria-sort=\"descending\">Time (UTC)</th>");
    page.markup("<th scope=\"col\">Project</th><th scope=\"col\">Config</th><th scope=\"col\">Account</th>");
    page.markup("<th scope=\"col\">Outcome</th><th scope=\"col\">Took</th>");
    page.markup("<th scope=\"col\">Started by <small>(claimed)</small></th><th scope=\"col\">Release</th></tr></thead>\n<tbody>\n");
    for deploy in report.deploys {
        row(page, deploy, report.has_timelines);
    }
    page.markup("</tbody>\n</table>\n</section>\n");
}

fn row(page: &mut Html, deploy: &Deploy, has_timeline: bool) {
    let or_dash = |field: &Option<String>| field.clone().unwrap_or_else(|| "–".to_owned());
    page.markup("<tr><td data-label=\"Time\">").element("<time>", &moment(deploy.time), "</time></td>");
    page.element("<td data-label=\"Project\">", &or_dash(&deploy.project_name), "</td>");
    page.element("<td data-label=\"Config\" class=\"word\">", &or_dash(&deploy.config_name), "</td>");
    page.element("<td data-label=\"Account\" class=\"word\">", &or_dash(&deploy.aws_account_id), "<br>");
    page.element("<small>", &or_dash(&deploy.aws_region), "</small></td>");
    page.markup("<td data-label=\"Outcome\" class=\"word\">");
    outcome(page, deploy.outcome);
    if let Some(code) = &deploy.code {
        page.element("<br><small>", code, "</small>");
    }
    let took = deploy.ended.zip(deploy.started).map(|(ended, started)| duration(ended - started));
    page.element("</td><td data-label=\"Took\" class=\"took\">", &took.unwrap_or_else(|| "–".to_owned()), "</td>");
    page.element("<td data-label=\"Started by\" class=\"person\">", &or_dash(&deploy.started_by), "</td>");
    page.markup("<td data-label=\"Release\" class=\"release\">");
    let release = deploy.release_id.as_deref().unwrap_or(&deploy.records);
    if has_timeline {
        page.markup("<a href=\"#").text(&anchor(&deploy.records)).markup("\">").text(release).markup("</a>");
    } else {
        page.text(release);
    }
    page.element("<br><small>", &deploy.deployer, "</small></td></tr>\n");
}

fn acts(page: &mut Html, report: &Report<'_>) {
    page.markup("<section aria-labelledby=\"open-title\">\n<h2 id=\"open-title\">Open reviews</h2>\n");
    if report.open_acts.is_empty() {
        page.markup("<p>Another person has reviewed every act that went around a protection.</p>\n");
    } else {
        page.markup("<p>These acts went around a protection, and another person must review them: ");
        page.markup("<code>bifrost audit review ID --note TEXT</code></p>\n");
        act_table(page, report.open_acts);
    }
    page.markup("</section>\n<section aria-labelledby=\"acts-title\">\n<h2 id=\"acts-title\">Acts of people</h2>\n");
    if report.acts.is_empty() {
        page.markup("<p>The log has no acts of people in this range.</p>\n");
    } else {
        act_table(page, report.acts);
    }
    page.markup("</section>\n");
}

fn act_table(page: &mut Html, acts: &[Act]) {
    page.markup(
        "<table>\n<thead><tr><th scope=\"col\">Time (UTC)</th><th scope=\"col\">Act</th><th scope=\"col\">Who</th>",
    );
    page.markup("<th scope=\"col\">About</th><th scope=\"col\">Reason</th><th scope=\"col\">Review</th></tr></thead>\n<tbody>\n");
    for act in acts {
        page.markup("<tr><td data-label=\"Time\">").element("<time>", &moment(act.time), "</time></td>");
        page.element("<td data-label=\"Act\">", &act.action, "");
        match act.done {
            Some(true) => {}
            Some(false) => {
                page.element("<br><small>failed: ", act.code.as_deref().unwrap_or("no code"), "</small>");
            }
            None => {
                page.markup("<br><small>result not recorded</small>");
            }
        }
        page.element("<br><small>", &act.id, "</small></td>").element("<td data-label=\"Who\">", &act.identity, "");
        if act.confirmed != Some(true) {
            page.markup("<br><small>not confirmed by STS</small>");
        }
        let about = [&act.project_name, &act.config_name, &act.aws_account_id, &act.release_id];
        let about: Vec<&str> = about.into_iter().flatten().map(String::as_str).collect();
        page.element("</td><td data-label=\"About\">", &about.join(" "), "</td><td data-label=\"Reason\">");
        page.text(act.reason.as_deref().or(act.problem.as_deref()).unwrap_or("–"));
        if let Some(ticket) = &act.ticket {
            page.element("<br><small>", ticket, "</small>");
        }
        page.markup("</td><td data-label=\"Review\">");
        review(page, act);
        page.markup("</td></tr>\n");
    }
    page.markup("</tbody>\n</table>\n");
}

fn review(page: &mut Html, act: &Act) {
    for review in &act.reviews {
        page.element("<p>", &review.note, "<br><small>").text(&review.identity);
        page.markup(if review.counts { "</small></p>" } else { ", does not count</small></p>" });
    }
    if act.is_open() {
        page.markup("<span class=\"outcome bad\">Open</span>");
    } else if act.reviews.is_empty() {
        page.markup("not needed");
    }
}

fn notices(page: &mut Html, report: &Report<'_>) {
    if report.notices.is_empty() {
        return;
    }
    page.markup(
        "<section aria-labelledby=\"notices-title\">\n<h2 id=\"notices-title\">Entries that are not shown</h2>\n<ul>\n",
    );
    for notice in report.notices {
        page.element("<li>Entry ", &notice.entry.to_string(), ": ").text(&notice.text).markup("</li>\n");
    }
    page.markup("</ul>\n</section>\n");
}
