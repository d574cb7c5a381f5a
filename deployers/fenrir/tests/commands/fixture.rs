//! The folder of the sample application, and its local cloud.

use crate::shell::{Shell, text};
use bifrost::local::{LocalState, Store};
use fenrir::cloud::local::{FenrirAccount, FenrirRegion};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines};
use std::ops::Deref;
use std::process::{Child, ChildStdout, Stdio};

/// Project and config of the sample application.
pub(crate) const SUBJECT: &str = "coinbase/deploy-test development";

/// The sample application's stack.
pub(crate) const STACK: &str = "sam-coinbase-deploy-test-development";

const TEMPLATE: &str = include_str!("../../examples/hello/template.yml");
const CODE: &str = include_str!("../../examples/hello/src/hello.py");

/// A folder with the sample application.
pub(crate) struct Application(Shell);

impl Deref for Application {
    type Target = Shell;

    fn deref(&self) -> &Shell {
        &self.0
    }
}

impl Application {
    /// A new folder for this test.
    pub(crate) fn new(test: &str) -> Self {
        let application = Self(Shell::new(env!("CARGO_BIN_EXE_fenrir"), &format!("fenrir-{test}")));
        std::fs::create_dir(application.folder.join("src")).unwrap();
        application.write("src/hello.py", CODE);
        application.template("template.yml", &[]);
        application
    }

    /// Writes the sample template, with each of these texts replaced.
    pub(crate) fn template(&self, file: &str, changes: &[(&str, &str)]) {
        let template = changes.iter().fold(TEMPLATE.to_owned(), |template, (from, to)| {
            assert!(template.contains(from), "{from}");
            template.replace(from, to)
        });
        self.write(file, template);
    }

    /// Changes the function's code.
    pub(crate) fn change_code(&self) {
        self.write("src/hello.py", CODE.replace("\"hello\": name", "\"good day\": name"));
    }

    /// Writes a scenario with this behaviour of the stack's resources, by logical id.
    pub(crate) fn behaviour(&self, file: &str, behaviour: &Value) {
        self.scenario(file, &json!({"behaviour": behaviour}));
    }

    /// Writes a scenario that merges this into the region.
    pub(crate) fn scenario(&self, file: &str, region: &Value) {
        let account = json!({"resources": {"regions": {"us-east-1": region}}});
        self.write(file, json!({"accounts": {"000000000000": account}}).to_string());
    }

    /// The last object that a command prints, and its exit code.
    pub(crate) fn last_json(&self, line: &str) -> (Value, i32) {
        let output = self.run(line);
        let answer = text(&output.stdout);
        let last = answer.lines().last().unwrap_or_else(|| panic!("{line}: {}", text(&output.stderr)));
        (serde_json::from_str(last).unwrap(), output.status.code().unwrap())
    }

    /// Deploys. Returns the last event and the exit code.
    pub(crate) fn deploy(&self, arguments: &str) -> (Value, i32) {
        self.last_json(&format!("deploy {arguments} --local --speed 100000"))
    }

    /// A folder with the sample application, which is deployed.
    pub(crate) fn deployed(test: &str) -> Self {
        let application = Self::new(test);
        let (end, code) = application.deploy("template.yml");
        assert_eq!(code, 0, "{end}");
        application
    }

    /// The text output of a command, and its exit code.
    pub(crate) fn shown(&self, line: &str) -> (String, i32) {
        let output = self.run(&format!("{line} --output text"));
        (text(&output.stdout), output.status.code().unwrap())
    }

    /// The error of a command that must fail with exit code 2. It may have many lines.
    pub(crate) fn complaint(&self, line: &str) -> String {
        let output = self.run(line);
        let complaint = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{line}: {complaint}");
        complaint
    }

    /// The stored local cloud, if there is one.
    pub(crate) fn local_state(&self) -> Option<LocalState<FenrirAccount>> {
        let path = self.folder.join(".bifrost/cloud.sqlite");
        let store = |path| Store::open(path, "coinbase-fenrir", || panic!("the local cloud exists")).unwrap();
        path.exists().then(|| store(&path).read(LocalState::clone).unwrap())
    }

    /// The contents of the local cloud's region.
    pub(crate) fn region(&self) -> FenrirRegion {
        let mut local_state = self.local_state().unwrap();
        let mut account = local_state.accounts.remove(&"000000000000".parse().unwrap()).unwrap();
        account.resources.regions.remove(&"us-east-1".parse().unwrap()).unwrap()
    }

    /// The objects in the deployer's bucket by key; empty if there is no local cloud.
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let local_state = self.local_state();
        let accounts = local_state.into_iter().flat_map(|local_state| local_state.accounts.into_values());
        let buckets = accounts.flat_map(|account| account.buckets.clone().into_values());
        buckets.flat_map(|bucket| bucket.objects).map(|(key, object)| (key, object.body.to_vec())).collect()
    }

    /// The number of uploaded zips and other code files.
    pub(crate) fn uploaded_code(&self) -> usize {
        self.objects().keys().filter(|key| key.contains("/release/")).count()
    }
}

/// A process that deploys, slowly enough to interfere with it.
pub(crate) struct Engine {
    process: Child,
    events: Lines<BufReader<ChildStdout>>,
}

impl Engine {
    /// Starts a deploy, and waits until it has entered the state.
    pub(crate) fn until(application: &Application, arguments: &str, state: &str) -> Self {
        let mut command = application.command(&format!("deploy {arguments} --local --speed 20"));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let events = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut engine = Self { process, events };
        engine.wait_for(|event| event["state"] == state);
        engine
    }

    fn wait_for(&mut self, matches: impl Fn(&Value) -> bool) -> Value {
        let mut events = self.events.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        events.find(matches).unwrap()
    }

    /// Its last event, and its exit code.
    pub(crate) fn end(mut self) -> (Value, i32) {
        let end = self.wait_for(|event| event["event"] == "end");
        (end, self.process.wait().unwrap().code().unwrap())
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
