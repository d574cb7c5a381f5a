//! Checks of a deployer's constants. Only the compiler runs them: a panic is an error of the program that names the deployer.

use super::permission::{PolicyCondition, is_action, is_resource, is_sid};
use super::{Deployer, Permission};
use crate::release::Fields;

/// Fails the compilation if a constant of the deployer is not valid.
///
/// # Panics
/// In the compiler, which reports the panic as an error.
pub const fn check_deployer<D: Deployer>() {
    super::prefix::check_names(D::NAME, D::PREFIX);
    check_times::<D>();
    assert!(128 <= D::MEMORY_MIB && D::MEMORY_MIB <= 10_240, "`MEMORY_MIB` must be 128 to 10240, as Lambda requires");
    let mut rest = D::PERMISSIONS;
    while let [permission, others @ ..] = rest {
        check_permission(permission);
        assert!(
            is_new(permission.sid, others),
            "two `PERMISSIONS` have the same `sid`: each statement of a policy has its own"
        );
        rest = others;
    }
}

const fn check_times<D: Deployer>() {
    const YEAR: u32 = 31_536_000;
    let max = <D::Fields as Fields>::MAX_TIMEOUT_SECONDS;
    assert!(
        1 <= D::TIMEOUT_SECONDS && D::TIMEOUT_SECONDS <= max,
        "`TIMEOUT_SECONDS` must be 1 to `max_timeout_seconds` of `#[bifrost::fields]`, which is 172800 by default"
    );
    assert!(
        1 <= D::TASK_TIMEOUT_SECONDS && D::TASK_TIMEOUT_SECONDS <= D::MAX_EXECUTION_SECONDS,
        "`TASK_TIMEOUT_SECONDS` must be at least 1, and at most `MAX_EXECUTION_SECONDS`"
    );
    assert!(
        max < D::MAX_EXECUTION_SECONDS && D::MAX_EXECUTION_SECONDS <= YEAR,
        "`MAX_EXECUTION_SECONDS` must be greater than `max_timeout_seconds` of `#[bifrost::fields]`, so that a failed deploy can clean up, \
         and at most a year, 31536000"
    );
}

const fn check_permission(permission: &Permission) {
    assert!(is_sid(permission.sid), "the `sid` of a permission must have letters and digits");
    assert!(!permission.why.is_empty(), "a permission needs its reason, `why`: reviewers of the policy read it");
    assert!(!permission.actions.is_empty(), "a permission needs an action, such as `ecs:UpdateService`");
    assert!(!permission.resources.is_empty(), "a permission needs a resource: an ARN, or `*`");
    let mut rest = permission.actions;
    while let [action, others @ ..] = rest {
        assert!(is_action(action), "an action must be a service and a call, as AWS writes it: `dynamodb:GetItem`");
        rest = others;
    }
    let mut rest = permission.resources;
    while let [resource, others @ ..] = rest {
        assert!(
            is_resource(resource),
            "a resource must be `*` or an ARN, in which only `${{AWS::Partition}}`, `${{AWS::AccountId}}` and `${{Bucket}}` are replaced"
        );
        rest = others;
    }
    check_conditions(permission.conditions);
}

const fn check_conditions(conditions: &[PolicyCondition]) {
    let mut rest = conditions;
    while let [(operator, key, values), others @ ..] = rest {
        assert!(
            !operator.is_empty() && !key.is_empty() && !values.is_empty(),
            "a condition needs an operator, a key and a value: without a value it never holds"
        );
        rest = others;
    }
}

/// Whether no other permission has this `sid`.
const fn is_new(sid: &str, others: &[Permission]) -> bool {
    let mut rest = others;
    while let [other, further @ ..] = rest {
        if crate::release::is_same(sid.as_bytes(), other.sid.as_bytes()) {
            return false;
        }
        rest = further;
    }
    true
}
