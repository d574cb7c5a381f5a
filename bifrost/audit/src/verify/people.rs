//! Acts of people: whether each review is by another person, of an act that the log has.

use super::problem::Problem;
use super::report::{Finding, Findings};
use bifrost_core::audit::{Event, Record};
use bifrost_core::people::Person;
use std::collections::BTreeMap;

/// The acts and reviews that were found.
#[derive(Default)]
pub(super) struct People {
    /// Who acted, by the id of the act, and whether STS confirmed it.
    acts: BTreeMap<String, (String, bool)>,
    reviews: Vec<Review>,
}

struct Review {
    key: String,
    act: String,
    identity: String,
    is_confirmed: bool,
}

impl People {
    /// Adds the record of the object with this key.
    pub(super) fn add(&mut self, key: &str, record: Record) {
        match record.draft.event {
            Event::Act { identity, confirmed, .. } => {
                let id = key.rsplit('/').next().unwrap_or_default().to_owned();
                self.acts.insert(id, (identity, confirmed));
            }
            Event::Review { act, identity, confirmed, .. } => {
                self.reviews.push(Review { key: key.to_owned(), act, identity, is_confirmed: confirmed });
            }
            _ => {}
        }
    }

    /// Checks the reviews.
    pub(super) fn check(self, findings: &mut Findings) {
        for Review { key, act, identity, is_confirmed } in self.reviews {
            let problem = match self.acts.get(&act) {
                None => Problem::ReviewOfUnknownAct(act),
                Some((actor, _)) if may_be_same(actor, &identity) => Problem::ReviewBySamePerson(act),
                // In a local cloud nobody confirms identities.
                Some((_, true)) if !is_confirmed => Problem::ReviewUnconfirmed(act),
                Some(_) => continue,
            };
            findings.add(Finding::at(&problem, &key).line(1));
        }
    }
}

fn may_be_same(actor: &str, reviewer: &str) -> bool {
    match (Person::read(actor), Person::read(reviewer)) {
        (Ok(actor), Ok(reviewer)) => actor.may_be(&reviewer),
        _ => actor == reviewer,
    }
}
