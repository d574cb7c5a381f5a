//! `bifrost new`: writes a new deployer that builds, passes its tests, and deploys into the local cloud.

mod ask;
mod error;
mod framework;
mod name;
mod template;
mod write;

pub(super) use error::NewError;

use super::arguments::{Format, OutputArgs, shell_quoted};
use super::error::CliError;
use super::output;
use ask::Person;
use clap::ValueEnum;
use framework::Framework;
use name::Names;
use serde_json::json;
use std::path::{Path, PathBuf};
use template::{Choices, NewFile};

#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// Name of the new folder and package, such as acme-cache
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Prefix of all names in AWS [default: first word of NAME, such as acme-, else coinbase-]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prefix: Option<String>,
    /// AWS service that it deploys to [default: dynamodb]
    #[arg(long, value_name = "SERVICE")]
    service: Option<Service>,
    /// Whether it can deploy on AWS now, or only into local clouds [default: now]
    #[arg(long, value_name = "WHEN")]
    aws: Option<When>,
    /// Folder of bifrost's repository, which the new deployer depends on
    #[arg(long, value_name = "PATH")]
    bifrost: Option<PathBuf>,
    /// Ask nothing: use the defaults
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost new                                           asks for everything
  bifrost new acme-cache --yes --bifrost ../bifrost     asks for nothing
  bifrost new acme-cache --aws later --bifrost ../bifrost
  cd acme-cache && cargo test && cargo demo

The new deployer creates a table for each release, waits until it is ready, and
deletes the tables of earlier releases: replace that by what you deploy. It is
written to the folder NAME, which must not exist or be empty. Its command is
NAME without the prefix, so acme-cache is `cache`, and coinbase-odin `odin`.";

/// The service whose API the port calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Service {
    /// Tables in DynamoDB
    #[value(name = "dynamodb")]
    DynamoDb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    /// With the AWS half of its port
    Now,
    /// With the local cloud alone
    Later,
}

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let person = if args.yes { None } else { Person::at_terminal() };
    let choices = choose(args, person)?;
    let folder = Path::new(&choices.names.package);
    let files = template::files(&choices);
    write::write(folder, &files)?;
    report(&choices, &files, args.output.format())?;
    Ok(0)
}

/// What the arguments say, and the person, if there is one. Without, what is not said has its default.
fn choose(args: &Args, mut person: Option<Person>) -> Result<Choices, NewError> {
    if person.is_none() {
        check_complete(args)?;
    }
    let mut value = Values { person: person.as_mut() };
    let name = value.get(args.name.clone(), "Name, such as acme-cache", None, |name| {
        name::check_name(name)?;
        write::check_folder(Path::new(name))?;
        Ok(name.to_owned())
    })?;
    let prefix = name::default_prefix(&name);
    let names = value
        .get(args.prefix.clone(), "Prefix of its names in AWS", Some(prefix), |prefix| Names::new(&name, prefix))?;
    let service = args.service.as_ref().map(value_name);
    value.get(service, "AWS service that it deploys to", Some("dynamodb"), value_of::<Service>)?;
    let question = "On AWS now, or later: at first only the local cloud";
    let when = value.get(args.aws.as_ref().map(value_name), question, Some("now"), value_of::<When>)?;
    let path = args.bifrost.clone().map(PathBuf::into_os_string).map(|path| path.into_string().map_err(PathBuf::from));
    let path = path.transpose().map_err(NewError::PathNotUnicode)?;
    let framework = value.get(path, "Folder of bifrost's repository", None, |path| Framework::find(Path::new(path)))?;
    Ok(Choices { names, framework, has_aws: when == When::Now })
}

/// Nobody can be asked: what has no default must be given, and the rest, too, unless the defaults are wanted.
fn check_complete(args: &Args) -> Result<(), NewError> {
    let required = [(args.name.is_none(), "NAME"), (args.bifrost.is_none(), "--bifrost PATH")];
    let optional = [
        (args.prefix.is_none(), "--prefix TEXT"),
        (args.service.is_none(), "--service dynamodb"),
        (args.aws.is_none(), "--aws now or --aws later"),
    ];
    let optional = optional.into_iter().filter(|(is_missing, _)| *is_missing && !args.yes);
    let missing: Vec<_> = required.into_iter().filter(|(is_missing, _)| *is_missing).chain(optional.clone()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let hint = match optional.count() {
        0 => "they have no default",
        _ => "without a terminal nobody can be asked, so pass them, or --yes for those that have a default",
    };
    let missing: Vec<_> = missing.into_iter().map(|(_, argument)| argument).collect();
    Err(NewError::MissingArguments { missing: missing.join(", "), hint })
}

/// The values of the arguments.
struct Values<'p> {
    person: Option<&'p mut Person>,
}

impl Values<'_> {
    /// The value that is given, else what the person answers, else the default.
    fn get<T>(
        &mut self,
        given: Option<String>,
        question: &str,
        default: Option<&str>,
        read: impl Fn(&str) -> Result<T, NewError>,
    ) -> Result<T, NewError> {
        match (given, &mut self.person) {
            (Some(given), _) => read(&given),
            (None, Some(person)) => person.ask(question, default, read),
            (None, None) => read(default.unwrap_or_default()),
        }
    }
}

fn value_name<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn value_of<T: ValueEnum>(text: &str) -> Result<T, NewError> {
    T::from_str(text, true).map_err(|_| {
        let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let values: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
        NewError::UnknownValue { value: text.to_owned(), values: values.join(", ") }
    })
}

fn report(choices: &Choices, files: &[NewFile], format: Format) -> Result<(), CliError> {
    let Names { package, command, prefix } = &choices.names;
    let next = [format!("cd {}", shell_quoted(package)), "cargo test".to_owned(), "cargo demo".to_owned()];
    let paths: Vec<_> = files.iter().map(|file| file.path).collect();
    match format {
        Format::Json => output::print_json(&json!({
            "folder": package,
            "command": command,
            "prefix": prefix,
            "name_in_aws": choices.names.in_aws(),
            "aws": choices.has_aws,
            "files": paths,
            "next": next,
        }))?,
        Format::Text => {
            let aws = if choices.has_aws { "" } else { ", without AWS" };
            let files: Vec<_> = paths.iter().map(|path| format!("  {path}")).collect();
            output::print_escaped(&format!(
                "Wrote the deployer {command} to {package}/{aws}. Its names in AWS begin with {}\n{}\n\n\
                 Next: {}\nREADME.md says what to change where.",
                choices.names.in_aws(),
                files.join("\n"),
                next.join(" && "),
            ))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::error_code::Coded as _;

    const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    fn args() -> Args {
        Args { name: Some("acme-cache".into()), bifrost: Some(REPOSITORY.into()), ..Args::default() }
    }

    fn refused(args: &Args) -> NewError {
        choose(args, None).map(|choices| choices.names).unwrap_err()
    }

    #[test]
    fn without_a_terminal_everything_is_given_or_has_a_default() {
        let whole =
            Args { prefix: Some("acme-".into()), service: Some(Service::DynamoDb), aws: Some(When::Later), ..args() };
        assert!(!choose(&whole, None).unwrap().has_aws);
        let defaults = choose(&Args { yes: true, ..args() }, None).unwrap();
        assert_eq!((defaults.names.prefix.as_str(), defaults.has_aws), ("acme-", true));
        let NewError::MissingArguments { missing, .. } = refused(&Args { bifrost: None, ..args() }) else { panic!() };
        assert_eq!(missing, "--bifrost PATH, --prefix TEXT, --service dynamodb, --aws now or --aws later");
        let NewError::MissingArguments { missing, .. } = refused(&Args { yes: true, ..Args::default() }) else {
            panic!()
        };
        assert_eq!(missing, "NAME, --bifrost PATH");
    }

    #[test]
    fn person_is_asked_for_what_is_not_given() {
        let person = Person::who_types("team-\n\nlater\n");
        let Choices { names, has_aws, .. } = choose(&args(), Some(person)).unwrap();
        assert_eq!((names.in_aws().as_str(), has_aws), ("team-acme-cache", false));
    }

    #[test]
    fn person_is_asked_again() {
        let answers = "Cache\nmatch\nacme-cache\nacme\nacme-\ns3\n\nsoon\nnow\n/absent\n";
        let person = Person::who_types(Box::leak(format!("{answers}{REPOSITORY}\n").into_boxed_str()));
        let Choices { names, has_aws, .. } = choose(&Args::default(), Some(person)).unwrap();
        assert_eq!((names.package.as_str(), names.command.as_str(), has_aws), ("acme-cache", "cache", true));
    }

    #[test]
    fn person_who_leaves_gets_nothing() {
        let error = choose(&args(), Some(Person::who_types("team-\n"))).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "new/no-answer");
    }

    #[test]
    fn argument_is_not_asked_again() {
        let whole =
            || Args { prefix: Some("acme-".into()), service: Some(Service::DynamoDb), aws: Some(When::Now), ..args() };
        for (wrong, code) in [
            (Args { name: Some("match".into()), ..whole() }, "new/reserved-name"),
            (Args { prefix: Some("acme".into()), ..whole() }, "deployer/invalid-prefix"),
            (Args { bifrost: Some("absent".into()), ..whole() }, "new/not-bifrost"),
        ] {
            assert_eq!(choose(&wrong, Some(Person::who_types(""))).map(|_| ()).unwrap_err().code(), code);
        }
    }
}
