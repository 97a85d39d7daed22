//! The experiments, in the order in which they run, and the questions that stay open.

use super::conclusions as conclude;
use super::experiment::{Experiment, Question, Slot, State, Step, Variation};

use Slot::{A, B, C, Category, Child, Unknown};
use State::{Active, Archived, Deleted};

const fn question(setting: &'static str, text: &'static str) -> Question {
    Question { setting, text }
}

/// All experiments. The first experiment counts the reads that return the old state after a change. After
/// each change, the later experiments send this number of reads before they observe the new state.
pub(super) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        questions: &[
            question(
                "stale_reads",
                "How many reads return the old state after a change?",
            ),
            question("stale_by_id", "Are reads by ID late, too?"),
        ],
        start: &[],
        steps: &[Step::ReadUntilThere],
        conclude: conclude::late_reads,
    },
    Experiment {
        questions: &[
            question("auth", "Does an operation need a valid token?"),
            question("rejected_token", "Which status does a wrong token get?"),
        ],
        start: &[(A, Active)],
        steps: &[Step::Find(A, Variation::WrongToken)],
        conclude: conclude::wrong_token,
    },
    Experiment {
        questions: &[question(
            "trailing_slash",
            "What does a path without its last slash get?",
        )],
        start: &[(A, Active)],
        steps: &[Step::Find(A, Variation::NoSlash)],
        conclude: conclude::trailing_slash,
    },
    Experiment {
        questions: &[question(
            "refuse_unknown_query",
            "Is an unknown parameter refused?",
        )],
        start: &[(A, Active)],
        steps: &[Step::Find(A, Variation::UnknownParameter)],
        conclude: conclude::unknown_parameter,
    },
    Experiment {
        questions: &[
            question("unknown_id_status", "Which status does an unknown ID get?"),
            question("error_shape", "In which format are errors?"),
        ],
        start: &[],
        steps: &[Step::Find(Unknown, Variation::None)],
        conclude: conclude::unknown_id,
    },
    Experiment {
        questions: &[
            question("absent", "How does an asset show a property that it lacks?"),
            question("unknown_fields", "Do assets have undocumented properties?"),
        ],
        start: &[(A, Active)],
        steps: &[Step::Look(A)],
        conclude: conclude::full_asset,
    },
    Experiment {
        questions: &[question(
            "request_id_header",
            "Which header identifies a request?",
        )],
        start: &[(A, Active)],
        steps: &[
            Step::Find(A, Variation::None),
            Step::Find(A, Variation::None),
            Step::FindMany(&[A]),
        ],
        conclude: conclude::request_id,
    },
    Experiment {
        questions: &[
            question("unknown_status", "Do rows have an undocumented status?"),
            question("long_names", "Are names in rows longer than documented?"),
        ],
        start: &[(A, Active)],
        steps: &[Step::Look(A), Step::FindMany(&[A])],
        conclude: conclude::rows,
    },
    Experiment {
        questions: &[question(
            "missing_by_ids",
            "What does find by IDs do with a missing ID?",
        )],
        start: &[(A, Active)],
        steps: &[Step::FindMany(&[A, Unknown])],
        conclude: conclude::missing_by_ids,
    },
    Experiment {
        questions: &[question(
            "by_ids_order",
            "In which order does find by IDs return assets?",
        )],
        start: &[(A, Active), (B, Active), (C, Active)],
        steps: &[Step::FindMany(&[C, A, B])],
        conclude: conclude::by_ids_order,
    },
    Experiment {
        questions: &[question("empty_list", "How is an empty list written?")],
        start: &[],
        steps: &[Step::FindByCategory(Unknown)],
        conclude: conclude::empty_list,
    },
    Experiment {
        questions: &[question("save", "Does a save replace or merge?")],
        start: &[(B, Active)],
        steps: &[Step::Look(B), Step::SaveRequired(B), Step::Look(B)],
        conclude: conclude::save,
    },
    Experiment {
        questions: &[question(
            "existing_on_create",
            "What does a create with an existing ID do?",
        )],
        start: &[(A, Active)],
        steps: &[Step::CreateAgain(A), Step::Look(A)],
        conclude: conclude::existing_on_create,
    },
    Experiment {
        questions: &[
            question("success_status", "Which status does a change get?"),
            question("success_body", "Which body does a change get?"),
        ],
        start: &[(A, Active), (B, Active)],
        steps: &[Step::Archive(&[A]), Step::Unarchive(&[A]), Step::SaveRequired(B)],
        conclude: conclude::success,
    },
    Experiment {
        questions: &[question(
            "unknown_entry",
            "Does an unknown ID fail a whole archive call?",
        )],
        start: &[(A, Active), (B, Active)],
        steps: &[Step::Archive(&[A, Unknown, B]), Step::Look(A), Step::Look(B)],
        conclude: conclude::bad_entry,
    },
    Experiment {
        questions: &[question(
            "already_entry",
            "Does an archived asset fail a whole archive call?",
        )],
        start: &[(A, Active), (B, Active), (C, Archived)],
        steps: &[Step::Archive(&[A, C, B]), Step::Look(A), Step::Look(B)],
        conclude: conclude::bad_entry,
    },
    Experiment {
        questions: &[question("unknown_target", "Is an unknown new parent refused?")],
        start: &[(A, Active)],
        steps: &[Step::ArchiveMove(&[A], Unknown), Step::Look(A)],
        conclude: conclude::refused_target,
    },
    Experiment {
        questions: &[question(
            "target_among_entries",
            "Is a new parent refused that is archived by the same call?",
        )],
        start: &[(A, Active)],
        steps: &[Step::ArchiveMove(&[A], A), Step::Look(A)],
        conclude: conclude::refused_target,
    },
    Experiment {
        questions: &[question("unknown_category", "Is an unknown category refused?")],
        start: &[(A, Active)],
        steps: &[Step::Move(&[A], Unknown), Step::Look(A), Step::Uncategorise(&[A])],
        conclude: conclude::unknown_category,
    },
    Experiment {
        questions: &[question(
            "cascade_of_already",
            "Does a second archive call reach the children of an archived parent?",
        )],
        start: &[(A, Active), (Child, Active)],
        steps: &[
            Step::Archive(&[A]),
            Step::Look(Child),
            Step::ArchiveCascade(&[A]),
            Step::Look(Child),
        ],
        conclude: conclude::cascade_of_already,
    },
    Experiment {
        questions: &[question(
            "by_category_includes_deleted",
            "Does find by category return deleted assets?",
        )],
        start: &[(C, Active), (Category, Active)],
        steps: &[
            Step::Move(&[C], Category),
            Step::FindByCategory(Category),
            Step::Delete(&[C]),
            Step::Look(C),
            Step::FindByCategory(Category),
        ],
        conclude: conclude::deleted_in_category,
    },
    Experiment {
        questions: &[
            question("deleted", "Can a deleted asset be read by ID?"),
            question(
                "all_includes_deleted",
                "Does the list of all assets contain deleted ones?",
            ),
        ],
        start: &[(C, Deleted)],
        steps: &[Step::Look(C), Step::List("all")],
        conclude: conclude::deleted,
    },
    Experiment {
        questions: &[question("max_url_length", "How long can path and query be?")],
        start: &[],
        steps: &[Step::LongUrl],
        conclude: conclude::max_url_length,
    },
    Experiment {
        questions: &[question("max_entries", "How many IDs can one call have?")],
        start: &[],
        steps: &[Step::ManyIds],
        conclude: conclude::max_entries,
    },
    Experiment {
        questions: &[question("max_body_bytes", "How large can a body be?")],
        start: &[],
        steps: &[Step::LargeBody],
        conclude: conclude::max_body_bytes,
    },
];

/// Question that only a renewal of the access token answers.
pub(super) const RENEWAL: Question = question(
    "rotate_refresh_token",
    "Does a renewal replace the refresh token?",
);

/// Questions that no experiment answers, each with the reason.
pub(super) const OPEN: &[(Question, &str)] = &[
    (
        RENEWAL,
        "cannot be settled from outside: only an expired access token is renewed, and no request makes one \
         expire; it is settled if the token of the profile expires before or during a probe",
    ),
    (
        question(
            "locked_entry",
            "Does an asset that cannot be changed fail a whole call?",
        ),
        "cannot be settled from outside: no operation makes an asset that the service refuses to change",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::report::inferred_settings;
    use std::collections::BTreeSet;

    /// Settings of the fake that do not describe the service.
    const NO_QUESTIONS: [&str; 6] = [
        "access_token",
        "refresh_token",
        "token_lifetime_seconds",
        "log",
        "clock",
        "seed",
    ];

    #[test]
    fn every_setting_of_the_fake_is_one_question() {
        let asked = EXPERIMENTS.iter().flat_map(|experiment| experiment.questions);
        let questions = asked.chain(OPEN.iter().map(|(question, _)| question));
        let mut names: Vec<&str> = questions.map(|question| question.setting).collect();
        names.extend(NO_QUESTIONS);
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(distinct.len(), names.len(), "a setting has several questions");
        let settings = inferred_settings();
        let known: BTreeSet<&str> = settings.keys().map(String::as_str).collect();
        assert_eq!(distinct, known);
    }
}
