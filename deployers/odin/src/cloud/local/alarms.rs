//! CloudWatch alarms in the local cloud. Those of scaling policies never fire: the instances have no load.

use super::auto_scaling::check_length;
use super::{OdinAccount, validation_error};
use crate::cloud::limits::{NAME_LIMIT, is_alarm_period, max_evaluation_seconds};
use crate::cloud::{ALARMS_LIMIT, AlarmState, LocalAlarms, NewAlarm};
use bifrost::local::{RegionState, ServiceError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

impl LocalAlarms for OdinAccount {
    fn put(region: &mut RegionState<'_, Self>, alarm: &NewAlarm) -> Result<(), ServiceError> {
        check_alarm(alarm)?;
        region.here_mut().alarms.insert(alarm.name.clone(), alarm.clone());
        Ok(())
    }

    fn states(region: &RegionState<'_, Self>, names: &[String]) -> Result<Vec<AlarmState>, ServiceError> {
        check_length(names, ALARMS_LIMIT)?;
        let here = region.here();
        let state = |name: &String| {
            let of_policy = here.alarms.contains_key(name).then(StoredAlarm::default);
            let alarm = here.alarms_of_others.get(name).copied().or(of_policy)?;
            Some(alarm.describe(name, region.now))
        };
        Ok(names.iter().filter_map(state).collect())
    }
}

/// A CloudWatch alarm that somebody else created, for the field `alarms` of a release.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredAlarm {
    /// When it fires. Without it, it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fires_at: Option<DateTime<Utc>>,
}

impl StoredAlarm {
    fn describe(self, name: &str, now: DateTime<Utc>) -> AlarmState {
        let fired_at = self.fires_at.filter(|fires_at| *fires_at <= now);
        let (value, reason) =
            if fired_at.is_some() { ("ALARM", "Threshold Crossed: 1 datapoint") } else { ("OK", "No datapoint") };
        AlarmState { name: name.to_owned(), value: value.to_owned(), since: fired_at, reason: reason.to_owned() }
    }
}

fn check_alarm(alarm: &NewAlarm) -> Result<(), ServiceError> {
    let NewAlarm { name, period_seconds: period, evaluation_periods: count, .. } = alarm;
    if name.is_empty() || name.chars().count() > NAME_LIMIT {
        return Err(validation_error(format!("An alarm's name has 1 to {NAME_LIMIT} characters")));
    }
    if !is_alarm_period(*period) {
        return Err(validation_error("An alarm's period is 10, 20, 30 or a multiple of 60 seconds"));
    }
    if *count == 0 {
        return Err(validation_error("An alarm evaluates at least one period"));
    }
    let most = max_evaluation_seconds(*period);
    if u64::from(*period) * u64::from(*count) > most {
        return Err(validation_error(format!(
            "Metrics cannot be checked across so long a time (EvaluationPeriods * Period must be <= {most})"
        )));
    }
    Ok(())
}
