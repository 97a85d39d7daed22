//! Tests the report of a run, in its short and its verbose form.

use super::*;
use funnelflux_generator::StepReport;
use funnelflux_openapi::{Diagnostic, Severity, Stage};

fn sample(verbose: bool) -> String {
    let step = |name, count| StepReport {
        name,
        reason: "it must be so",
        count,
        idle: false,
    };
    let stages = [
        StageReport {
            time: Duration::from_millis(3),
            ..StageReport::new(
                Stage::Read,
                "spec/upstream.json: 11 paths, 12 operations, 8 schemas",
            )
        },
        StageReport {
            steps: vec![step("name-operations", 12), step("keep-json", 0)],
            time: Duration::from_millis(70),
            ..StageReport::new(Stage::Transform, "1 of 2 rules applied")
        },
    ];
    let changes = FileChanges {
        written: vec!["spec/effective.json".to_owned()],
        removed: vec!["generated/src/api/old.rs".to_owned()],
        unchanged: 7,
    };
    let notice = |path| {
        Diagnostic::new(
            Severity::Warning,
            Stage::Lint,
            "not",
            path,
            "`not` is unsupported",
        )
    };
    let notices: Diagnostics = ["/a", "/b"].map(notice).into_iter().collect();
    let left_out = ["/page/list/", "/page/find/byId/"].map(|path| LeftOut {
        method: "get".to_owned(),
        path: path.to_owned(),
        rule: "lint::not".to_owned(),
        reason: "`not` is unsupported".to_owned(),
    });
    report(
        &stages,
        &notices,
        &left_out,
        &changes,
        Duration::from_millis(87),
        verbose,
    )
}

#[test]
fn each_stage_is_reported() {
    insta::assert_snapshot!(sample(false), @r"
    read       spec/upstream.json: 11 paths, 12 operations, 8 schemas
    transform  1 of 2 rules applied
                  12 name-operations
               2 × warning[lint::not]: `not` is unsupported
                 /a, /b
               `cargo xtask generate --verbose` prints every notice in full
    left out   2 operations; spec/COVERAGE.md lists the reasons
                     GET /page/list/ [lint::not]
                     GET /page/find/byId/ [lint::not]
    files      1 written, 1 removed, 7 unchanged
                     spec/effective.json
                     generated/src/api/old.rs (removed)
    time       87 ms: read 3, transform 70
    ");
}

#[test]
fn reasons_are_reported_on_request() {
    insta::assert_snapshot!(sample(true), @r"
    read       spec/upstream.json: 11 paths, 12 operations, 8 schemas
    transform  1 of 2 rules applied
                  12 name-operations: it must be so
                   0 keep-json: it must be so
               warning[lint::not] at /a: `not` is unsupported
               warning[lint::not] at /b: `not` is unsupported
    left out   2 operations; spec/COVERAGE.md lists the reasons
                     GET /page/list/ [lint::not]
                     GET /page/find/byId/ [lint::not]
    files      1 written, 1 removed, 7 unchanged
                     spec/effective.json
                     generated/src/api/old.rs (removed)
    time       87 ms: read 3, transform 70
    ");
}
