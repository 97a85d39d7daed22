//! Tests of steps that change nothing.

use super::*;

#[test]
fn a_step_that_should_work_and_does_not_is_an_error() {
    let steps = [
        Step::new(
            "halve",
            Expect::Work,
            |work: &mut usize| *work /= 2,
            "it is too much",
        ),
        Step::new("nothing", Expect::MayBeNoop, |_| (), "it may be nothing"),
    ];
    let report = |mut work: usize| StageReport {
        steps: run(&steps, &mut work, |work| work),
        ..StageReport::new(Stage::Transform, "")
    };
    assert!(report(4).idle().is_empty());
    let idle = report(1).idle();
    assert_eq!(idle.len(), 1);
    assert!(idle.to_string().starts_with(
        "error[transform::idle-step]: the step `halve` found nothing to change; \
         its reason: it is too much\n"
    ));
}
