//! The order of resources that follows from their dependencies.

use crate::sam::Needs;
use std::collections::BTreeSet;

/// The logical ids that depend on each logical id.
pub(super) fn reversed(needs: &Needs) -> Needs {
    let mut reversed: Needs = needs.keys().map(|name| (name.clone(), BTreeSet::new())).collect();
    for (name, needed) in needs {
        for needed in needed {
            reversed.entry(needed.clone()).or_default().insert(name.clone());
        }
    }
    reversed
}

/// All logical ids, each after its dependencies.
///
/// # Errors
/// The logical ids of a circular dependency.
pub(super) fn in_order(needs: &Needs) -> Result<Vec<String>, Vec<String>> {
    let mut left = needs.clone();
    let mut order = Vec::new();
    while !left.is_empty() {
        let ready = |(name, needed): (&String, &BTreeSet<String>)| {
            needed.iter().all(|needed| !left.contains_key(needed)).then(|| name.clone())
        };
        let able: Vec<_> = left.iter().filter_map(ready).collect();
        if able.is_empty() {
            return Err(left.into_keys().collect());
        }
        for name in &able {
            left.remove(name);
        }
        order.extend(able);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circular_dependency_is_an_error() {
        let needs: Needs = [("a", vec!["b"]), ("b", vec!["a"]), ("c", vec![])]
            .map(|(name, needed)| (name.to_owned(), needed.into_iter().map(str::to_owned).collect()))
            .into();
        assert_eq!(in_order(&needs), Err(vec!["a".into(), "b".into()]));
    }
}
