//! Builds by the Dockerfile beside the template: one image, out of which each function's zip is copied.

use super::error::ArtifactError;
use super::scratch::unique_name;
use super::template_dir::TemplateDir;
use super::tool::{Environment, Tool, ToolError};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

const DOCKER: Tool = Tool { program: "docker", get: "install Docker from https://docs.docker.com/get-docker" };

/// The container that the zips are copied out of, made when the first of them is asked for. It never runs.
#[derive(Debug, Default)]
pub(super) struct Container(OnceLock<Result<String, Arc<ToolError>>>);

impl Container {
    /// Copies a function's zip to a path.
    pub(super) fn copy(
        &self,
        logical_id: &str,
        to: &Path,
        dir: &TemplateDir,
        environment: &Environment,
    ) -> Result<(), ArtifactError> {
        let name = self.0.get_or_init(|| create(dir, environment).map_err(Arc::new)).as_ref().map_err(Arc::clone)?;
        let from = format!("{name}:/{logical_id}.zip");
        let copied = docker(dir, environment, &["cp".as_ref(), from.as_ref(), to.as_os_str()]);
        copied.map(drop).map_err(|source| ArtifactError::NotInImage { logical_id: logical_id.into(), source })
    }

    /// Removes the container and its image, if they were made.
    pub(super) fn remove(&self, dir: &TemplateDir, environment: &Environment) -> Result<(), ToolError> {
        match self.0.get() {
            Some(Ok(name)) => remove(name, dir, environment),
            _ => Ok(()),
        }
    }
}

/// Builds the image and creates the container, both of the same name.
fn create(dir: &TemplateDir, environment: &Environment) -> Result<String, ToolError> {
    let name = unique_name();
    let words = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(OsStr::new).collect();
        docker(dir, environment, &words)
    };
    words(&["build", "-t", &name, "."])?;
    // It has to be told what it would run, as the image may not say, and never runs it.
    match words(&["create", "--name", &name, &name, "true"]) {
        Ok(_) => Ok(name),
        Err(error) => {
            // What failed first is what has to be told.
            let _ = remove(&name, dir, environment);
            Err(error)
        }
    }
}

fn remove(name: &str, dir: &TemplateDir, environment: &Environment) -> Result<(), ToolError> {
    let container = docker(dir, environment, &["rm", name].map(OsStr::new));
    // Its layers stay: they are what makes the next build fast.
    let image = docker(dir, environment, &["rmi", "--no-prune", name].map(OsStr::new));
    container.and(image).map(drop)
}

fn docker(dir: &TemplateDir, environment: &Environment, arguments: &[&OsStr]) -> Result<String, ToolError> {
    environment.run(&DOCKER, &dir.folder, arguments, &[])
}
