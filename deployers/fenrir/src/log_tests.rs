use super::*;

fn event(status: &str, reason: &str) -> StackEvent {
    StackEvent {
        id: "1".into(),
        timestamp: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        logical_id: "hello".into(),
        physical_id: None,
        resource_type: "AWS::Lambda::Function".into(),
        status: status.into(),
        reason: (!reason.is_empty()).then(|| reason.into()),
        token: None,
    }
}

#[test]
fn event_is_one_line() {
    assert_eq!(
        event_line(&event("CREATE_FAILED", "no such\n  code")),
        "2027-01-15T08:00:00Z CREATE_FAILED AWS::Lambda::Function hello no such code\n"
    );
    assert_eq!(
        event_line(&event("CREATE_COMPLETE", "")),
        "2027-01-15T08:00:00Z CREATE_COMPLETE AWS::Lambda::Function hello\n"
    );
}

#[test]
fn first_failure_is_not_a_cancelled_resource() {
    let log: String = [
        event("CREATE_IN_PROGRESS", ""),
        event("CREATE_FAILED", "Resource creation cancelled"),
        event("CREATE_FAILED", "no such code"),
        event("CREATE_FAILED", "another"),
    ]
    .iter()
    .map(event_line)
    .collect();
    assert_eq!(first_failure(&log), Some("CREATE_FAILED AWS::Lambda::Function hello no such code"));
    assert_eq!(first_failure("2027-01-15T08:00:00Z CREATE_COMPLETE AWS::Lambda::Function hello\n"), None);
}

#[test]
fn summary_keeps_latest_events_and_failures() {
    let mut events = vec![event_line(&event("CREATE_FAILED", "the cause"))];
    events.extend((0..2000).map(|number| event_line(&event("DELETE_COMPLETE", &number.to_string()))));
    let summary = summary(&events);
    assert!(summary.len() <= MAX_SUMMARY_LEN);
    assert!(summary.starts_with(&events[0]), "{}", &summary[..200]);
    assert!(summary.ends_with(events.last().unwrap()));
}

#[test]
fn replacement_of_a_table_shows_what_happens_to_data() {
    let change = Change {
        action: ChangeAction::Modify,
        logical_id: "table".into(),
        physical_id: None,
        resource_type: "AWS::DynamoDB::Table".into(),
        replacement: Some(Replacement::True),
        scope: vec!["KeySchema".into(), "Tags".into()],
        policy_action: Some("ReplaceAndDelete".into()),
    };
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let line = change_line(now, &change);
    assert_eq!(line, "2027-01-15T08:00:00Z REPLACE AWS::DynamoDB::Table table KeySchema, Tags (it holds data)\n");
    assert!(is_change(&line));
    let kept = Change { policy_action: Some("ReplaceAndRetain".into()), ..change };
    let line = change_line(now, &kept);
    assert_eq!(
        line,
        "2027-01-15T08:00:00Z REPLACE AWS::DynamoDB::Table table KeySchema, Tags (the old resource is kept)\n"
    );
}
