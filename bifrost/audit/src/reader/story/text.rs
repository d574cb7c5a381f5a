//! The story as text.

use super::{Evidence, MayChange, Step, Story, sentence, timeline};
use crate::reader::plain_text::{counted, duration, moment, paragraph};
use bifrost_core::audit::{CallOutcome, Event};
use bifrost_core::release::Sha256;

/// Where the text of a labelled line begins.
const LABEL: usize = 14;

pub(super) fn render(story: &Story) -> String {
    let mut out = String::new();
    head(&mut out, story);
    claims(&mut out, story);
    refusal(&mut out, story);
    announced(&mut out, story);
    steps(&mut out, story);
    open_ends(&mut out, story);
    evidence(&mut out, story);
    out
}

fn section(out: &mut String, title: &str) {
    out.push('\n');
    out.push_str(title);
    out.push('\n');
}

fn labelled(out: &mut String, label: &str, text: &str) {
    paragraph(out, &format!("  {label:<width$}", width = LABEL - 2), text);
}

fn item(out: &mut String, text: &str) {
    paragraph(out, "  - ", text);
}

fn head(out: &mut String, story: &Story) {
    let deploy = &story.deploy;
    let name = |field: &Option<String>| field.clone().unwrap_or_else(|| "(unknown)".to_owned());
    paragraph(
        out,
        "",
        &format!("{} {}: {}", name(&deploy.project_name), name(&deploy.config_name), deploy.outcome_name()),
    );
    out.push('\n');
    labelled(out, "Release", &name(&deploy.release_id));
    labelled(out, "Target", &format!("account {}, {}", name(&deploy.aws_account_id), name(&deploy.aws_region)));
    labelled(out, "Execution", deploy.execution.as_deref().unwrap_or(&deploy.records));
    let started =
        deploy.started.map_or_else(|| "the log has no start".to_owned(), |time| format!("{} UTC", moment(time)));
    labelled(out, "Started", &started);
    let ended = match (deploy.ended, deploy.started) {
        (Some(ended), Some(started)) => format!("{} UTC, {} later", moment(ended), duration(ended - started)),
        (Some(ended), None) => format!("{} UTC", moment(ended)),
        (None, _) => {
            "the log has no end: it still runs, or the deployer's `reconcile` has not closed it yet".to_owned()
        }
    };
    labelled(out, "Ended", &ended);
    if let Some(outcome) = deploy.outcome {
        labelled(out, "Outcome", sentence::meaning(outcome));
    }
    let version = story.deployer.as_ref().and_then(|it| it.version.as_deref());
    let version = version.map_or_else(String::new, |version| format!(" {version}"));
    labelled(out, "Deployer", &format!("{}{version}", deploy.deployer));
    section(out, "SHA-256 digests");
    let code = story.deployer.as_ref().and_then(|it| it.code_sha256);
    labelled(out, "Release", &hash(deploy.release_sha256));
    labelled(
        out,
        "Deployer",
        &code.map_or_else(|| "not recorded: a local cloud has no function".to_owned(), |it| it.to_string()),
    );
    labelled(out, "Definition", &hash(story.definition_sha256));
    for plan in &story.plans {
        labelled(out, "Plan", &hash(Some(*plan)));
    }
}

fn hash(found: Option<Sha256>) -> String {
    found.map_or_else(|| "not recorded".to_owned(), |hash| hash.to_string())
}

fn claims(out: &mut String, story: &Story) {
    section(out, "Claims of the client (nobody has checked them)");
    let claims = &story.claims;
    let all = [
        ("Started by", &claims.started_by),
        ("Approved by", &claims.approved_by),
        ("Ticket", &claims.ticket),
        ("Commit", &claims.commit),
    ];
    for (label, claim) in all {
        labelled(out, label, claim.as_deref().unwrap_or("-"));
    }
}

fn refusal(out: &mut String, story: &Story) {
    let Some(refusal) = &story.refusal else { return };
    section(out, "Refusal");
    labelled(out, "State", &refusal.state);
    labelled(out, "Error", &refusal.error);
    labelled(out, "Code", refusal.code.as_deref().unwrap_or("-"));
    if let Some(cause) = refusal.cause {
        labelled(out, "Cause", cause);
    }
}

fn announced(out: &mut String, story: &Story) {
    if story.may_change.is_empty() {
        return;
    }
    section(out, "What it announced that it may change");
    for MayChange { account, region, operations, states } in &story.may_change {
        item(out, &format!("account {account}, {region}, in {}:", states.join(", ")));
        let operations = if operations.is_empty() { "no operations".to_owned() } else { operations.join(", ") };
        paragraph(out, "    ", &operations);
    }
}

fn steps(out: &mut String, story: &Story) {
    section(out, "What happened (UTC)");
    let mut day = String::new();
    for line in timeline(story) {
        let today = line.time.format("%Y-%m-%d").to_string();
        if day != today {
            day = today;
            paragraph(out, "  ", &day);
        }
        paragraph(out, &format!("  {}  ", line.time.format("%H:%M:%S")), &line.text);
    }
    let committed = || story.steps.iter().filter(|step| step.is_committed);
    let changes = committed().filter(|step| matches!(step.event, Event::Change { .. })).count();
    let done = |step: &&Step| matches!(step.event, Event::Change { outcome: CallOutcome::Done, .. });
    let done = committed().filter(done).count();
    let refused = changes - done;
    let refused = if refused == 0 {
        String::new()
    } else {
        format!(", {} refused or without an answer", counted(refused, "call", "calls"))
    };
    let open = story.steps.len() - committed().count();
    let open = match open {
        0 => String::new(),
        1 => "; 1 more record is not committed".to_owned(),
        more => format!("; {more} more records are not committed"),
    };
    let (records, done) = (counted(committed().count(), "record", "records"), counted(done, "change", "changes"));
    paragraph(out, "  ", &format!("{records}, {done}{refused}{open}"));
}

fn open_ends(out: &mut String, story: &Story) {
    if !story.unconcluded.is_empty() {
        section(out, "Attempts without an end (what they changed is not known)");
        for attempt in &story.unconcluded {
            let retry = if attempt.attempt == 0 { String::new() } else { format!(", retry {}", attempt.attempt) };
            let (state, account, region) = (&attempt.state, &attempt.account, &attempt.region);
            item(out, &format!("{state}{retry}, announced {} UTC: account {account}, {region}", moment(attempt.time)));
        }
    }
    if !story.left_over.is_empty() {
        section(out, "Left over (last change is not a deletion)");
        for left in &story.left_over {
            item(
                out,
                &format!("{} (account {}, {}), last {}", left.resource, left.account, left.region, left.operation),
            );
        }
    }
}

fn evidence(out: &mut String, story: &Story) {
    section(out, "Evidence");
    for Evidence { committed, key, line, matches } in &story.evidence {
        let place = match (key, line) {
            (Some(key), Some(line)) => format!("{key}, line {line}"),
            _ => "missing".to_owned(),
        };
        let matches = if *matches { "matches" } else { "DOES NOT MATCH" };
        item(out, &format!("log entry {} commits to record {}, which {matches}:", committed.entry, committed.number));
        paragraph(out, "    ", &place);
        paragraph(out, "    ", &format!("SHA-256 {}", committed.sha256));
    }
    if story.evidence.is_empty() {
        item(out, "the log has no entry of this execution");
    }
    let mut keys: Vec<&str> = story.steps.iter().map(|step| step.key.as_str()).collect();
    keys.dedup();
    let range = match keys.as_slice() {
        [] => String::new(),
        [only] => format!("all records are in {only}"),
        [first, .., last] => format!("all records are in {} objects, {first} to {last}", keys.len()),
    };
    if !range.is_empty() {
        item(out, &range);
    }
    for problem in &story.problems {
        item(out, &format!("PROBLEM: {problem}"));
    }
    let uncommitted = story.uncommitted();
    if let Some(uncommitted) = &uncommitted {
        item(out, uncommitted);
    }
    if story.problems.is_empty() && uncommitted.is_none() {
        item(out, "the chain of records is complete; `bifrost audit verify` checks that nobody altered the log");
    }
}
