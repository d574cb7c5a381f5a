//! A local cloud as the backend of commands.

use super::arguments::{CloudArgs, CommandHint, DeployerArgs};
use super::backend::{Backend, PollInterval};
use super::error::CliError;
use crate::client::{Client, ClientDeployer};
use async_trait::async_trait;
use bifrost_core::json;
use bifrost_local::{
    Engine, Lease, LocalCloud, LocalDeployer, LocalState, Pace, Resources, SeedError, Store, StoreError, read_seed,
};
use chrono::TimeDelta;
use serde_json::Value;
use std::cell::Cell;
use std::convert::Infallible;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The folder of the default local cloud, and of those created from a JSON seed.
const FOLDER: &str = ".bifrost";

/// A poll only reads a file.
const POLL_INTERVAL: PollInterval = PollInterval { min: Duration::from_millis(40), max: Duration::from_millis(100) };

/// How often a process that follows a deploy tries to become the engine.
const TAKE_OVER_INTERVAL: Duration = Duration::from_millis(200);

struct LocalBackend<D: LocalDeployer> {
    cloud: LocalCloud<D>,
    /// The file that keeps it, which may not exist yet.
    path: PathBuf,
    /// Whether it is new, and in memory until [`keep`](Backend::keep): a refused command creates no file.
    is_new: bool,
}

/// Opens the local cloud that the arguments select; with `fresh` a new one that replaces it.
pub(super) fn open<D: LocalDeployer + ClientDeployer>(
    deployer_args: &DeployerArgs,
    args: &CloudArgs,
    fresh: bool,
) -> Result<Box<dyn Backend<D>>, CliError> {
    let (path, seed) = find::<D>(args.cloud.as_deref())?;
    let seed_identity = deployer_args.identity(seed.deployer_account.clone(), seed.deployer_region.clone());
    let new_state = seed.bootstrap(&seed_identity)?;
    let is_new = fresh || !path.exists();
    let store = if is_new {
        Store::in_memory(new_state)
    } else {
        Store::open(&path, deployer_args.name(), || new_state)
            .map_err(|error| of_another_version::<D>(error, deployer_args, args))?
    };
    let (account, region) = store.read(|state| (state.deployer_account.clone(), state.deployer_region.clone()))?;
    let identity = deployer_args.local_identity(account, region)?;
    let mut defaults = identity.defaults(D::TIMEOUT_SECONDS)?;
    defaults.allowed_buckets = deployer_args.allowed_buckets();
    let cloud = LocalCloud::<D>::new(store, identity, defaults).reached_with(&args.arguments(deployer_args));
    Ok(Box::new(LocalBackend { cloud, path, is_new }))
}

/// Adds the command that replaces the local cloud of another version.
fn of_another_version<D: ClientDeployer>(
    error: StoreError,
    deployer_args: &DeployerArgs,
    args: &CloudArgs,
) -> CliError {
    if !error.is_of_another_version() {
        return error.into();
    }
    let file = D::RELEASE_FILE.unwrap_or("release.json");
    let deploy = CommandHint::new::<D>(deployer_args, args).line(&format!("deploy {file} --fresh"));
    CliError::OldLocalCloud { source: error, deploy }
}

#[async_trait(?Send)]
impl<D: LocalDeployer + ClientDeployer> Backend<D> for LocalBackend<D> {
    fn client(&self) -> Client<D> {
        Client::from(&self.cloud)
    }

    fn poll_interval(&self) -> PollInterval {
        POLL_INTERVAL
    }

    /// Writes a new local cloud to its file, and so replaces the previous one of this deployer.
    fn keep(&self) -> Result<(), CliError> {
        if !self.is_new {
            return Ok(());
        }
        // No engine may be running in the local cloud that is replaced.
        let lease = if self.path.exists() { Lease::take(&self.path)? } else { None };
        if self.path.exists() && lease.is_none() {
            return Err(CliError::LocalCloudInUse(self.path.clone()));
        }
        Ok(self.cloud.store().move_to(&self.path, &self.cloud.identity().name)?)
    }

    /// Applies a JSON merge patch to the local cloud, such as `{"faults": […]}` or another behaviour of an image.
    fn apply_scenario(&self, scenario: &Path) -> Result<(), CliError> {
        apply_scenario(self.cloud.store(), scenario)
    }

    /// Becomes the engine as soon as no other process is, and runs all executions.
    async fn run_executions(&self, speed: f64, is_engine: &Cell<bool>) -> Result<Infallible, CliError> {
        let engine = Engine::new(self.cloud.clone(), Pace::Speed(speed))?;
        loop {
            if let Some(_lease) = Lease::take(&self.path)? {
                is_engine.set(true);
                engine.run(|| false).await?;
                is_engine.set(false);
            }
            tokio::time::sleep(TAKE_OVER_INTERVAL).await;
        }
    }

    fn is_run(&self) -> Result<bool, CliError> {
        Ok(Lease::take(&self.path)?.is_none())
    }

    fn stopwatch(&self) -> Box<dyn Fn() -> TimeDelta> {
        let store = Arc::clone(self.cloud.store());
        let start = store.now();
        Box::new(move || store.now() - start)
    }
}

/// The file of the local cloud, and the seed to create it from. A JSON seed is always read, so that its errors are
/// reported by every command.
fn find<D: LocalDeployer>(cloud: Option<&Path>) -> Result<(PathBuf, LocalState<D::Resources>), CliError> {
    let file = file(cloud);
    let Some(seed) = cloud.filter(|path| is_seed(path)) else { return Ok((file, built_in::<D>()?)) };
    let text = std::fs::read(seed).map_err(|source| SeedError::Io { path: seed.into(), source })?;
    Ok((file, read_seed(seed, &text)?))
}

/// The file of the local cloud that `--cloud` selects: for a JSON seed the file that is created from it.
pub(super) fn file(cloud: Option<&Path>) -> PathBuf {
    let Some(path) = cloud else { return Path::new(FOLDER).join("cloud.sqlite") };
    if !is_seed(path) {
        return path.into();
    }
    let mut name = path.file_stem().unwrap_or(OsStr::new("cloud")).to_owned();
    name.push(".sqlite");
    Path::new(FOLDER).join(name)
}

fn is_seed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// The seed that is part of the deployer.
fn built_in<D: LocalDeployer>() -> Result<LocalState<D::Resources>, CliError> {
    Ok(read_seed(Path::new("the built-in seed of the deployer"), D::SEED.as_bytes())?)
}

fn apply_scenario<R: Resources>(store: &Store<R>, path: &Path) -> Result<(), CliError> {
    let text = std::fs::read(path).map_err(|source| CliError::Scenario { path: path.into(), source })?;
    let scenario = json::parse(&text).map_err(|source| CliError::ScenarioSyntax { path: path.into(), source })?;
    store.transact(|state| {
        let patched =
            patched(state, &scenario).map_err(|source| CliError::ScenarioContent { path: path.into(), source })?;
        *state = patched;
        Ok(())
    })?
}

fn patched<R: Resources>(state: &LocalState<R>, scenario: &Value) -> Result<LocalState<R>, json::ReadError> {
    let mut value = serde_json::to_value(state).unwrap_or_default();
    json_patch::merge(&mut value, scenario);
    remove_nulls(&mut value);
    let mut patched: LocalState<R> = json::read(&value)?;
    patched.clock = patched.clock.max(state.clock);
    Ok(patched)
}

/// Absent fields are serialised as `null`, which the reader refuses.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nulls_are_removed() {
        let mut state = json!({"a": null, "b": [{"c": null, "d": 1}]});
        remove_nulls(&mut state);
        assert_eq!(state, json!({"b": [{"d": 1}]}));
    }
}
