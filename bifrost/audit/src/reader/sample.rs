//! A random sample of deploys that anybody can draw again.

use super::IndexError;
use super::index::Index;
use super::plain_text::{counted, moment, paragraph};
use super::rows::{Deploy, Filter};
use bifrost_core::release::Sha256;
use bifrost_core::strip_control::escape_json;
use serde::Serialize;

/// How a sample is drawn, for people who draw it again.
const METHOD: &str = "Each deploy of the population gets the SHA-256 of the seed, a line feed, and the directory of its records. The \
    sample is the deploys with the lowest hashes, in their order.";

/// A sample of deploys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// How many deploys the filter matches.
    pub population: usize,
    /// How many entries the log had, which decides on the population.
    pub log_size: u64,
    /// The root of the log with these entries.
    pub log_root: String,
    /// The seed.
    pub seed: String,
    /// How the sample was drawn.
    pub method: &'static str,
    /// The sample, in the order in which it was drawn.
    pub deploys: Vec<SampledDeploy>,
}

/// A deploy of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampledDeploy {
    /// The hash that decided on its place.
    pub hash: Sha256,
    /// The deploy.
    #[serde(flatten)]
    pub deploy: Deploy,
}

impl Sample {
    /// Draws at most `count` of the deploys that the filter matches; its limit is ignored. The same log, filter and seed give the
    /// same sample. A larger count adds deploys at the end.
    ///
    /// # Errors
    /// [`IndexError::Sqlite`].
    pub fn draw(index: &Index, filter: &Filter, count: usize, seed: &str) -> Result<Self, IndexError> {
        let mut population = index.directories(filter)?;
        let size = population.len();
        // Bytes have the order of their hex digits.
        population.sort_by_cached_key(|records| hash(seed, records));
        population.truncate(count);
        let mut deploys = Vec::with_capacity(population.len());
        for records in population {
            let sampled = index.deploy(&records)?.map(|deploy| SampledDeploy { hash: hash(seed, &records), deploy });
            deploys.extend(sampled);
        }
        Ok(Self {
            population: size,
            log_size: index.size(),
            log_root: index.root(),
            seed: seed.to_owned(),
            method: METHOD,
            deploys,
        })
    }

    /// The sample as text of 80 columns.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let (size, population) = (self.deploys.len(), counted(self.population, "deploy", "deploys"));
        paragraph(&mut out, "", &format!("Sample of {size} of {population}, seed {}", self.seed));
        let entries = counted(self.log_size, "entry", "entries");
        paragraph(&mut out, "", &format!("Log of {entries}, root {}", self.log_root));
        paragraph(&mut out, "", self.method);
        out.push_str("To compute a hash again: printf '%s\\n%s' SEED RECORDS | sha256sum\n");
        for (index, SampledDeploy { hash, deploy }) in self.deploys.iter().enumerate() {
            let name = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".to_owned());
            out.push('\n');
            let (project, config) = (name(&deploy.project_name), name(&deploy.config_name));
            let head = format!("{:>4}  ", index + 1);
            paragraph(
                &mut out,
                &head,
                &format!("{project} {config}: {} {}", moment(deploy.time), deploy.outcome_name()),
            );
            for line in [name(&deploy.release_id), deploy.records.clone(), hash.to_string()] {
                paragraph(&mut out, "      ", &line);
            }
        }
        out
    }

    /// The sample as JSON. Control characters are escaped.
    #[must_use]
    pub fn json(&self) -> String {
        escape_json(serde_json::to_string_pretty(self).unwrap_or_default())
    }
}

fn hash(seed: &str, records: &str) -> Sha256 {
    Sha256::of(format!("{seed}\n{records}").as_bytes())
}
