//! The state machine: states, transitions, and where each error leads. The compiler refuses one
//! that could keep its lock, or end with nobody knowing what is left. `cache graph mermaid` draws
//! it.

use crate::handlers::{check_table, create, retire, roll_back};
use crate::release::Settings;
use crate::tables::Tables;
use bifrost::lifecycle::{LockFailure, TaskFailure, fail, lock, succeed, validate};
use bifrost::release::Release;
use std::sync::Arc;

bifrost::state_machine! {
    /// Creates a table for the release, and deletes those of earlier releases.
    pub(crate) machine Cache(Release<Settings>, Arc<dyn Tables>) starts at Validate, changes from Create;

    /// Refuses a release that is replayed, changed, or breaks a rule.
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }

    /// Allows one deploy at a time.
    task Lock = lock { locks; next Create; catch LockFailure::LockExists => FailureClean; catch _ => UnlockFailure; }

    /// Creates the table.
    // A deploy that an operator halts, or that takes longer than its timeout, fails in a task
    // that looks for it.
    task Create = create {
        looks for halt;
        next WaitForTable;
        retry TaskFailure::Transient { max_attempts: 3 }
        catch _ => RollBack;
    }

    /// Waits while DynamoDB creates the table.
    wait WaitForTable for 5 seconds { next CheckTable; }

    /// Reads whether the table is ready.
    task CheckTable = check_table {
        looks for halt;
        next IsReady;
        retry TaskFailure::Transient { max_attempts: 3 }
        catch _ => RollBack;
    }

    /// Continues when the table is ready.
    choice IsReady as "Ready?" { $.ready == true => Retire; _ => WaitForTable; }

    /// Deletes the tables of earlier releases.
    // There is no way back from here, so an error leads to FailureDirty, and a halt is not looked
    // for.
    task Retire = retire {
        next UnlockSuccess;
        retry _ { max_attempts: 3, interval_seconds: 5 }
        catch _ => FailureDirty;
    }

    /// Gives the lock back, and records what is deployed.
    task UnlockSuccess = succeed { unlocks; next Success; retry _ { max_attempts: 3 } catch _ => FailureDirty; }

    /// Deletes the table of this release.
    // DynamoDB refuses that while it creates the table, so this is tried for a while.
    task RollBack = roll_back {
        cleans up;
        next UnlockFailure;
        retry _ { max_attempts: 12, interval_seconds: 5, backoff_rate: 1.5, max_delay_seconds: 60 }
        catch _ => FailureDirty;
    }

    /// Gives the lock back.
    task UnlockFailure = fail { unlocks; next FailureClean; retry _ { max_attempts: 3 } catch _ => FailureDirty; }
}
