//! Builds with the Dockerfile beside the template: one image that contains the zip of each function.

use super::error::ArtifactError;
use super::scratch::unique_name;
use super::template_dir::TemplateDir;
use super::tool::{Environment, Tool, ToolError};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

const DOCKER: Tool = Tool { program: "docker", get: "install Docker from https://docs.docker.com/get-docker" };

/// The container from which the zips are copied. Created for the first of them, and never started.
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

    /// Removes the container and its image, if they were created.
    pub(super) fn remove(&self, dir: &TemplateDir, environment: &Environment) -> Result<(), ToolError> {
        match self.0.get() {
            Some(Ok(name)) => remove(name, dir, environment),
            _ => Ok(()),
        }
    }
}

/// Builds the image and creates the container, with the same name.
fn create(dir: &TemplateDir, environment: &Environment) -> Result<String, ToolError> {
    let name = unique_name();
    let words = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(OsStr::new).collect();
        docker(dir, environment, &words)
    };
    words(&["build", "-t", &name, "."])?;
    // `docker create` needs a command if the image has none. It never runs.
    match words(&["create", "--name", &name, &name, "true"]) {
        Ok(_) => Ok(name),
        Err(error) => {
            // The first error is the one to report.
            let _ = remove(&name, dir, environment);
            Err(error)
        }
    }
}

fn remove(name: &str, dir: &TemplateDir, environment: &Environment) -> Result<(), ToolError> {
    let container = docker(dir, environment, &["rm", name].map(OsStr::new));
    // Keeps the layers, which make the next build fast.
    let image = docker(dir, environment, &["rmi", "--no-prune", name].map(OsStr::new));
    container.and(image).map(drop)
}

fn docker(dir: &TemplateDir, environment: &Environment, arguments: &[&OsStr]) -> Result<String, ToolError> {
    environment.run(&DOCKER, &dir.folder, arguments, &[])
}
