//! The rules that a release can break, and their codes.

bifrost::rules! {
    /// The definition of the state machine is not valid in the Amazon States Language.
    DEFINITION = "step/invalid-definition", "correct the definition at the places that the message names";
    /// The definition has a placeholder that the client should have filled in.
    PLACEHOLDER = "step/placeholder", "deploy with `step-deployer deploy`, which fills in placeholders, or write the values";
    /// The release publishes a version, but its definition does not name the function.
    FUNCTION_NOT_USED = "step/function-not-used", "name the function in the definition, or leave out `publish_version`";
    /// The function or the state machine does not exist in the target account.
    NOT_FOUND = "step/not-found", "create it first, for a deployer with `bootstrap --apply`, or correct its name";
    /// The function or the state machine did not opt in to this project and config.
    NOT_OPTED_IN = "step/not-opted-in", "set the tags, or the path of the role, as the message says";
    /// The function or the state machine is in a state in which it cannot be updated.
    NOT_READY = "step/not-ready", "wait, or repair it as the message says, then deploy again";
    /// The code is not a zip file that Lambda can run.
    PACKAGE = "step/invalid-package", "build the zip file as the message says";
    /// The code was built for another processor architecture than the function has.
    ARCHITECTURE = "step/wrong-architecture", "build the code for the architecture of the function";
    /// AWS does not accept the definition.
    REFUSED_BY_AWS = "step/refused-by-aws", "correct the definition as AWS says";
}
