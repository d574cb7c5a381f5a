//! The time line of a deploy.

use super::html::Html;
use super::page::{anchor, outcome};
use crate::reader::plain_text::{duration, moment};
use crate::reader::story::{Evidence, Mark, Story, timeline};
use bifrost_core::release::Sha256;

pub(super) fn render(story: &Story) -> String {
    let mut page = Html::default();
    let deploy = &story.deploy;
    let or_dash = |field: &Option<String>| field.clone().unwrap_or_else(|| "–".to_owned());
    page.markup("<article class=\"deploy\" id=\"").text(&anchor(&deploy.records)).markup("\">\n<h3>");
    page.text(&or_dash(&deploy.project_name)).markup(" ").text(&or_dash(&deploy.config_name)).markup(" ");
    outcome(&mut page, deploy.outcome);
    page.markup("</h3>\n");
    facts(&mut page, story);
    page.markup("<ol class=\"timeline\">\n");
    for line in timeline(story) {
        page.markup("<li class=\"").markup(class(line.mark)).markup("\">");
        page.element("<time>", &moment(line.time), "</time> ").element("<span>", &line.text, "</span></li>\n");
    }
    page.markup("</ol>\n");
    open_ends(&mut page, story);
    evidence(&mut page, story);
    page.markup("<p class=\"back\"><a href=\"#deploys\">Back to the deploys</a></p>\n</article>\n");
    page.finish()
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Ends => "mark",
        Mark::Change => "change",
        Mark::Failure => "bad",
        Mark::Other => "plain",
    }
}

fn facts(page: &mut Html, story: &Story) {
    let deploy = &story.deploy;
    page.markup("<dl class=\"facts\">\n");
    let mut fact = |label: &'static str, value: Option<String>| {
        if let Some(value) = value {
            page.element("<div><dt>", label, "</dt>").element("<dd>", &value, "</dd></div>\n");
        }
    };
    let hash = |hash: Option<Sha256>| hash.map(|hash| format!("sha256:{hash}"));
    fact("Release", deploy.release_id.clone());
    fact("Release digest", hash(deploy.release_sha256));
    let target = deploy.aws_account_id.as_ref().zip(deploy.aws_region.as_ref());
    fact("Target", target.map(|(account, region)| format!("{account}, {region}")));
    fact("Execution", deploy.execution.clone().or_else(|| Some(deploy.records.clone())));
    fact("Took", deploy.ended.zip(deploy.started).map(|(ended, started)| duration(ended - started)));
    let version = story.deployer.as_ref().and_then(|it| it.version.clone());
    fact("Deployer", Some(version.map_or_else(|| deploy.deployer.clone(), |it| format!("{} {it}", deploy.deployer))));
    fact("Deployer code", hash(story.deployer.as_ref().and_then(|it| it.code_sha256)));
    fact("Definition", hash(story.definition_sha256));
    for plan in &story.plans {
        fact("Plan", hash(Some(*plan)));
    }
    fact("Claimed: started by", story.claims.started_by.clone());
    fact("Claimed: approved by", story.claims.approved_by.clone());
    fact("Claimed: ticket", story.claims.ticket.clone());
    fact("Claimed: commit", story.claims.commit.clone());
    if let Some(refusal) = &story.refusal {
        let code = refusal.code.clone().unwrap_or_else(|| refusal.error.clone());
        let cause = refusal.cause.map_or_else(String::new, |cause| format!(": {cause}"));
        fact("Refused", Some(format!("{code}{cause}")));
    }
    for may in &story.may_change {
        let operations = may.operations.join(", ");
        fact("May change", Some(format!("{}, {}: {operations}", may.account, may.region)));
    }
    page.markup("</dl>\n");
}

fn open_ends(page: &mut Html, story: &Story) {
    if !story.unconcluded.is_empty() {
        page.markup("<h4>Attempts without an end: what they changed is not known</h4>\n<ul>\n");
        for attempt in &story.unconcluded {
            page.element("<li>", &attempt.state, ", announced ").text(&moment(attempt.time)).markup(" UTC: account ");
            page.text(&attempt.account).markup(", ").text(&attempt.region).markup("</li>\n");
        }
        page.markup("</ul>\n");
    }
    if !story.left_over.is_empty() {
        page.markup("<h4>Left over</h4>\n<ul>\n");
        for left in &story.left_over {
            page.element("<li>", &left.resource, " (account ").text(&left.account).markup(", ").text(&left.region);
            page.element("), last ", &left.operation, "</li>\n");
        }
        page.markup("</ul>\n");
    }
}

fn evidence(page: &mut Html, story: &Story) {
    page.markup("<details><summary>Evidence</summary>\n<ul>\n");
    for Evidence { committed, key, matches, .. } in &story.evidence {
        page.element("<li>Log entry ", &committed.entry.to_string(), " commits to record ");
        page.text(&committed.number.to_string()).markup(" (").text(key.as_deref().unwrap_or("missing")).markup("), ");
        page.markup(if *matches { "which matches: " } else { "which <strong>does not match</strong>: " });
        page.element("<code>sha256:", &committed.sha256.to_string(), "</code></li>\n");
    }
    page.markup("</ul></details>\n");
    if let Some(uncommitted) = story.uncommitted() {
        page.element("<p>", &uncommitted, "</p>\n");
    }
    if !story.problems.is_empty() {
        page.markup("<ul class=\"findings\">\n");
        for problem in &story.problems {
            page.element("<li>", problem, "</li>\n");
        }
        page.markup("</ul>\n");
    }
}
