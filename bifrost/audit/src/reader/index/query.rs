//! What is asked of the index.

use super::{Index, IndexError};
use crate::reader::rows::{
    Act, CommittedRecord, Deploy, Filter, OutcomeFilter, Review, may_be_same_person, person_name,
};
use bifrost_core::audit::{EntryKind, Outcome};
use bifrost_core::release::Sha256;
use chrono::{DateTime, Utc};
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, Params, Row, ToSql, named_params, params, params_from_iter};
use serde::de::value::Error as ValueError;
use serde::de::{DeserializeOwned, IntoDeserializer};

const DEPLOY: &str = "SELECT records, deployer, execution, release_id, release_sha256, project_name, config_name, aws_account_id,
    aws_region, started_by, time, started, ended, outcome, code, closed, start_entry, end_entry, record_count FROM chain";

const ACT: &str = "SELECT id, entry, time, deployer, release_id, project_name, config_name, aws_account_id, aws_region, action, identity,
    confirmed, reason, ticket, break_glass, problem FROM act";

impl Index {
    /// The deploys that the filter matches, the newest first.
    ///
    /// # Errors
    /// [`IndexError::Sqlite`].
    pub fn deploys(&self, filter: &Filter) -> Result<Vec<Deploy>, IndexError> {
        let mut conditions = Conditions::of_deploys(filter);
        let sql = conditions.select(DEPLOY, "time DESC, id DESC", filter.limit);
        self.sql(|db| deploys(db, &sql, params_from_iter(conditions.values)))
    }

    /// The directories of the records of the deploys that the filter matches, in no order.
    pub(in crate::reader) fn directories(&self, filter: &Filter) -> Result<Vec<String>, IndexError> {
        let mut conditions = Conditions::of_deploys(filter);
        let sql = conditions.select("SELECT records FROM chain", "id", None);
        self.sql(|db| {
            let mut found = db.prepare_cached(&sql)?;
            found.query_map(params_from_iter(conditions.values), |row| row.get(0))?.collect()
        })
    }

    /// The deploy with this directory of records.
    pub(in crate::reader) fn deploy(&self, records: &str) -> Result<Option<Deploy>, IndexError> {
        Ok(self.sql(|db| deploys(db, &format!("{DEPLOY} WHERE records = ?"), [records]))?.pop())
    }

    /// How many deploys the log has in all.
    ///
    /// # Errors
    /// [`IndexError::Sqlite`].
    pub fn deploy_count(&self) -> Result<u64, IndexError> {
        self.sql(|db| db.query_row("SELECT count(*) FROM chain", [], |row| row.get(0)))
    }

    /// The deploys of a release, or the one of an execution, by its name, its ARN, or the directory of its records; the oldest first.
    ///
    /// # Errors
    /// [`IndexError::Sqlite`].
    pub fn find(&self, name: &str) -> Result<Vec<Deploy>, IndexError> {
        let ends_with = name.rsplit(['/', ':']).next().unwrap_or(name);
        let sql = format!(
            "{DEPLOY} WHERE release_id = :name OR records = :name OR execution = :name
                OR substr(records, -length(:end)) = :end ORDER BY time, id"
        );
        let found = self.sql(|db| deploys(db, &sql, named_params! {":name": name, ":end": format!("/{ends_with}")}))?;
        let is_meant = |deploy: &Deploy| {
            let names = [deploy.release_id.as_deref(), deploy.execution.as_deref()];
            deploy.records == name || deploy.execution_name() == name || names.contains(&Some(name))
        };
        Ok(found.into_iter().filter(is_meant).collect())
    }

    /// The log entries of a deploy, in order, by the directory of its records.
    ///
    /// # Errors
    /// [`IndexError::Sqlite`].
    pub fn entries(&self, records: &str) -> Result<Vec<CommittedRecord>, IndexError> {
        self.sql(|db| {
            let sql = "SELECT number, kind, record, sha256 FROM entry
                WHERE chain = (SELECT id FROM chain WHERE records = ?) ORDER BY number";
            let mut found = db.prepare_cached(sql)?;
            let rows = found.query_map([records], |row| {
                Ok(CommittedRecord {
                    entry: row.get(0)?,
                    kind: named::<EntryKind>(row, 1)?,
                    number: row.get(2)?,
                    sha256: sha256(row, 3)?.ok_or(FromSqlError::InvalidType)?,
                })
            })?;
            rows.collect()
        })
    }

    /// The acts of people that the filter matches, the newest first.
    ///
    /// # Errors
    /// [`IndexError::Sqlite`].
    pub fn acts(&self, filter: &Filter) -> Result<Vec<Act>, IndexError> {
        let mut conditions = Conditions::of(filter);
        if let Some(person) = &filter.person {
            let reviewed = "EXISTS (SELECT 1 FROM review WHERE act = act.id AND (identity = ? OR person = ?))";
            conditions.add(&format!("(identity = ? OR person = ? OR {reviewed})"), person.clone());
            let name = person_name(person).to_ascii_lowercase();
            conditions.values.extend([
                Box::new(name.clone()) as Box<dyn ToSql>,
                Box::new(person.clone()),
                Box::new(name),
            ]);
        }
        if filter.outcome.is_some() {
            conditions.texts.push("0".to_owned());
        }
        let sql = conditions.select(ACT, "entry DESC", filter.limit);
        self.sql(|db| acts(db, &sql, params_from_iter(conditions.values)))
    }

    /// The act with this id.
    ///
    /// # Errors
    /// [`IndexError::Sqlite`].
    pub fn act(&self, id: &str) -> Result<Option<Act>, IndexError> {
        let sql = format!("{ACT} WHERE id = ?");
        Ok(self.sql(|db| acts(db, &sql, [id]))?.pop())
    }

    /// Acts that another person must review still, the oldest first.
    ///
    /// # Errors
    /// [`IndexError::Sqlite`].
    pub fn open_acts(&self) -> Result<Vec<Act>, IndexError> {
        let sql = format!("{ACT} WHERE break_glass ORDER BY entry");
        let found = self.sql(|db| acts(db, &sql, []))?;
        Ok(found.into_iter().filter(Act::is_open).collect())
    }
}

/// The conditions of a query, with their values.
struct Conditions {
    texts: Vec<String>,
    values: Vec<Box<dyn ToSql>>,
}

impl Conditions {
    /// Those that deploys and acts have in common.
    fn of(filter: &Filter) -> Self {
        let mut conditions = Self { texts: Vec::new(), values: Vec::new() };
        let fields = [
            ("aws_account_id = ?", &filter.account),
            ("project_name = ?", &filter.project),
            ("config_name = ?", &filter.config),
            ("deployer = ?", &filter.deployer),
        ];
        for (text, value) in fields {
            if let Some(value) = value {
                conditions.add(text, value.clone());
            }
        }
        if let Some(since) = filter.since {
            conditions.add("time >= ?", since.timestamp_micros());
        }
        if let Some(until) = filter.until {
            conditions.add("time < ?", until.timestamp_micros());
        }
        conditions
    }

    /// Those of deploys.
    fn of_deploys(filter: &Filter) -> Self {
        let mut conditions = Self::of(filter);
        if let Some(person) = &filter.person {
            conditions.add("(started_by = ? OR person = ?)", person.clone());
            conditions.values.push(Box::new(person_name(person).to_ascii_lowercase()));
        }
        match filter.outcome {
            Some(OutcomeFilter::Is(outcome)) => conditions.add("outcome = ?", outcome.name()),
            Some(OutcomeFilter::NotEnded) => conditions.texts.push("outcome IS NULL".to_owned()),
            None => {}
        }
        conditions
    }

    fn add(&mut self, text: &str, value: impl ToSql + 'static) {
        self.texts.push(text.to_owned());
        self.values.push(Box::new(value));
    }

    fn select(&mut self, columns: &str, order: &str, limit: Option<usize>) -> String {
        let conditions = if self.texts.is_empty() { "1".to_owned() } else { self.texts.join(" AND ") };
        // SQLite reads a negative limit as none.
        let limit = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
        format!("{columns} WHERE {conditions} ORDER BY {order} LIMIT {limit}")
    }
}

fn deploys(db: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<Vec<Deploy>> {
    db.prepare_cached(sql)?.query_map(values, deploy)?.collect()
}

fn deploy(row: &Row<'_>) -> rusqlite::Result<Deploy> {
    let outcome = row.get_ref(13)?.as_str_or_null()?.map(|_| named::<Outcome>(row, 13)).transpose()?;
    let code: Option<String> = row.get(14)?;
    Ok(Deploy {
        records: row.get(0)?,
        deployer: row.get(1)?,
        execution: row.get(2)?,
        release_id: row.get(3)?,
        release_sha256: sha256(row, 4)?,
        project_name: row.get(5)?,
        config_name: row.get(6)?,
        aws_account_id: row.get(7)?,
        aws_region: row.get(8)?,
        started_by: row.get(9)?,
        time: time(row, 10)?.unwrap_or_default(),
        started: time(row, 11)?,
        ended: time(row, 12)?,
        outcome,
        // An attempt may have been refused, and a later one not.
        code: code.filter(|_| outcome == Some(Outcome::Refused)),
        closed: row.get(15)?,
        start_entry: row.get(16)?,
        end_entry: row.get(17)?,
        record_count: row.get(18)?,
    })
}

fn acts(db: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<Vec<Act>> {
    let found: Vec<Act> = db.prepare_cached(sql)?.query_map(values, act)?.collect::<rusqlite::Result<_>>()?;
    found.into_iter().map(|act| add_review(db, act)).collect()
}

fn act(row: &Row<'_>) -> rusqlite::Result<Act> {
    Ok(Act {
        id: row.get(0)?,
        entry: row.get(1)?,
        time: time(row, 2)?.unwrap_or_default(),
        deployer: row.get(3)?,
        release_id: row.get(4)?,
        project_name: row.get(5)?,
        config_name: row.get(6)?,
        aws_account_id: row.get(7)?,
        aws_region: row.get(8)?,
        action: row.get(9)?,
        identity: row.get(10)?,
        confirmed: row.get(11)?,
        reason: row.get(12)?,
        ticket: row.get(13)?,
        break_glass: row.get(14)?,
        done: None,
        code: None,
        reviews: Vec::new(),
        problem: row.get(15)?,
    })
}

/// Adds how the act ended, and its reviews.
fn add_review(db: &Connection, mut act: Act) -> rusqlite::Result<Act> {
    let mut results =
        db.prepare_cached("SELECT done, code FROM result WHERE act = ? AND entry > ? ORDER BY entry LIMIT 1")?;
    let mut results = results.query(params![act.id, act.entry])?;
    if let Some(row) = results.next()? {
        (act.done, act.code) = (Some(row.get(0)?), row.get(1)?);
    }
    let mut reviews =
        db.prepare_cached("SELECT entry, time, identity, confirmed, note FROM review WHERE act = ? ORDER BY entry")?;
    let reviews = reviews.query_map([&act.id], |row| {
        let (entry, identity, confirmed) = (row.get(0)?, row.get::<_, String>(2)?, row.get(3)?);
        // Where STS confirms identities, a review without is not one.
        let is_confirmed = confirmed || act.confirmed != Some(true);
        let counts = entry > act.entry && is_confirmed && !may_be_same_person(&act.identity, &identity);
        Ok(Review { entry, time: time(row, 1)?.unwrap_or_default(), identity, confirmed, note: row.get(4)?, counts })
    })?;
    act.reviews = reviews.collect::<rusqlite::Result<_>>()?;
    Ok(act)
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<DateTime<Utc>>> {
    Ok(row.get::<_, Option<i64>>(column)?.and_then(DateTime::from_timestamp_micros))
}

fn sha256(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Sha256>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|error| unreadable(column, error))).transpose()
}

/// A value whose name the index has.
fn named<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let name: String = row.get(column)?;
    let name = IntoDeserializer::<ValueError>::into_deserializer(name);
    T::deserialize(name).map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
