//! Draws a service as a line of dots: one per instance, and a bar at the number of healthy instances that are needed.

use super::paint::Paint;
use crate::client::Progress;
use bifrost_core::strip_control::one_line;

/// With more instances, only the counts are shown.
const MAX_DRAWN: u32 = 60;

/// The line of a service. `width` is the length of the longest name.
pub(super) fn line(service: &Progress, width: usize, paint: Paint) -> String {
    let Progress { name, waiting, starting, healthy, terminating, enough } = service;
    let counts = [(waiting, "waiting"), (starting, "starting"), (terminating, "terminating")];
    let counts = counts.into_iter().filter(|(count, _)| **count > 0);
    let rest = counts.fold(String::new(), |rest, (count, what)| format!("{rest}, {count} {what}"));
    let (name, dots) = (paint.strong(&format!("{:width$}", one_line(name))), dots(service, paint));
    let needed = if *enough > 0 { format!(" of {enough} needed") } else { String::new() };
    format!("        {name}  {dots}  {healthy} healthy{needed}{rest}")
}

fn dots(service: &Progress, paint: Paint) -> String {
    let Progress { waiting, starting, healthy, terminating, enough, .. } = *service;
    if [waiting, starting, healthy, terminating].into_iter().fold(0, u32::saturating_add) > MAX_DRAWN {
        return String::new();
    }
    let mut dots = String::new();
    let wanted = [(healthy, '●'), (starting, '○'), (waiting, '·')];
    let wanted = wanted.iter().flat_map(|(count, dot)| (0..*count).map(move |_| *dot));
    for (index, dot) in (0..).zip(wanted) {
        if index == enough && index > 0 {
            dots.push('|');
        }
        dots.push_str(&match dot {
            '●' => paint.good("●"),
            '○' => paint.busy("○"),
            _ => paint.dim("·"),
        });
    }
    if enough > 0 && healthy + starting + waiting <= enough {
        dots.push('|');
    }
    for _ in 0..terminating {
        dots.push_str(&paint.bad("✗"));
    }
    dots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(waiting: u32, starting: u32, healthy: u32, terminating: u32, enough: u32) -> String {
        dots(&Progress { name: "web".into(), waiting, starting, healthy, terminating, enough }, Paint::none())
    }

    #[test]
    fn bar_is_at_the_needed_number() {
        assert_eq!(drawn(5, 0, 0, 0, 3), "···|··");
        assert_eq!(drawn(1, 2, 2, 0, 3), "●●○|○·");
        assert_eq!(drawn(0, 0, 5, 0, 3), "●●●|●●");
        assert_eq!(drawn(0, 0, 3, 0, 3), "●●●|");
        assert_eq!(drawn(0, 0, 1, 2, 1), "●|✗✗");
        assert_eq!(drawn(0, 0, 0, 2, 0), "✗✗", "a group that is being deleted needs none");
        assert_eq!(drawn(0, 0, 2, 0, 0), "●●");
    }

    #[test]
    fn many_instances_are_only_counted() {
        assert_eq!(drawn(u32::MAX, 1, 0, 0, 3), "");
        let many = Progress { name: "web".into(), healthy: 90, starting: 10, enough: 95, ..Progress::default() };
        assert_eq!(line(&many, 6, Paint::none()), "        web       90 healthy of 95 needed, 10 starting");
    }
}
