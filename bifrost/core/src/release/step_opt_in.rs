//! Tags with which a Lambda function and a state machine opt in to releases of Step, the deployer of deployers (contract §10).

use super::{ConfigName, ProjectName};
use std::collections::BTreeMap;

/// The project and config whose releases may update a function or a state machine by Step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOptIn {
    /// The project.
    pub project: ProjectName,
    /// The config.
    pub config: ConfigName,
}

impl StepOptIn {
    /// The value of the tag `DeployWith`.
    pub const DEPLOY_WITH: &'static str = "step-deployer";

    const TAGS: [&'static str; 3] = ["ProjectName", "ConfigName", "DeployWith"];

    /// The tags that opt in.
    #[must_use]
    pub fn tags(&self) -> [(&'static str, &str); 3] {
        let [project, config, deploy_with] = Self::TAGS;
        [(project, self.project.as_str()), (config, self.config.as_str()), (deploy_with, Self::DEPLOY_WITH)]
    }

    /// Reads the tags of a resource. `None` if it did not opt in, or a name is not valid.
    #[must_use]
    pub fn from_tags(tags: &BTreeMap<String, String>) -> Option<Self> {
        let [project, config, deploy_with] = Self::TAGS.map(|key| tags.get(key));
        let opted_in = deploy_with.is_some_and(|deploy_with| deploy_with == Self::DEPLOY_WITH);
        opted_in.then_some(Self { project: project?.parse().ok()?, config: config?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_they_are_written() {
        let opt_in = StepOptIn { project: "acme/odin".parse().unwrap(), config: "production".parse().unwrap() };
        let tags: BTreeMap<_, _> = opt_in.tags().map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(StepOptIn::from_tags(&tags), Some(opt_in));
        for (key, other) in [("DeployWith", "odin"), ("ProjectName", "../x"), ("ConfigName", "")] {
            let changed = tags.clone().into_iter().chain([(key.to_owned(), other.to_owned())]).collect();
            assert_eq!(StepOptIn::from_tags(&changed), None, "{key}={other}");
        }
        for missing in StepOptIn::TAGS {
            let fewer = tags.clone().into_iter().filter(|(key, _)| key != missing).collect();
            assert_eq!(StepOptIn::from_tags(&fewer), None, "{missing}");
        }
    }
}
