//! Generates random scenarios: the assets of an account, the settings of the fake, faults, and a job.

use funnelflux::ext::Cascade;
use funnelflux::types::OfferSourceId;
use funnelflux_fake::{Fake, Fault, Limit, RetryAfter, Rule, Settings};
use proptest::prelude::*;
use serde_json::json;

/// An offer source that the account has before the job.
#[derive(Clone, Debug)]
pub(crate) struct SourceSetup {
    pub(crate) status: &'static str,
    pub(crate) category: &'static str,
    pub(crate) locked: bool,
    /// Statuses of the offer source's pages.
    pub(crate) pages: Vec<&'static str>,
}

/// Treatment of children in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildrenOption {
    Leave,
    Cascade,
    /// Moves the children to a parent that exists and is not in the job.
    Move,
    /// Moves the children to a parent that does not exist.
    MoveToNowhere,
    Orphan,
}

/// ID of the parent to which children are moved.
pub(crate) const KEEPER: &str = "keeper";
/// An ID that no asset has.
pub(crate) const NOWHERE: &str = "nowhere";

impl ChildrenOption {
    pub(crate) fn cascade(self) -> Cascade<OfferSourceId> {
        match self {
            Self::Leave => Cascade::leave(),
            Self::Cascade => Cascade::cascade(),
            Self::Move => Cascade::move_to(KEEPER),
            Self::MoveToNowhere => Cascade::move_to(NOWHERE),
            Self::Orphan => Cascade::orphan(),
        }
    }
}

/// Requested change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RequestedChange {
    Archive(ChildrenOption),
    Unarchive,
    Delete(ChildrenOption),
    Move(&'static str),
}

impl RequestedChange {
    pub(crate) fn children(self) -> ChildrenOption {
        match self {
            Self::Archive(children) | Self::Delete(children) => children,
            Self::Unarchive | Self::Move(_) => ChildrenOption::Leave,
        }
    }
}

/// Settings of the job.
#[derive(Clone, Debug)]
pub(crate) struct JobOptions {
    pub(crate) chunk_size: usize,
    pub(crate) concurrency: usize,
    pub(crate) retries: u32,
    pub(crate) look_first: bool,
    pub(crate) verify: Option<bool>,
    pub(crate) in_order: bool,
    pub(crate) stop_after: Option<usize>,
    pub(crate) url_length: usize,
    /// Number of requests after which the job is cancelled or crashes.
    pub(crate) ends_after: Option<u8>,
}

/// A fault, and the requests that get it.
#[derive(Clone, Debug)]
pub(crate) struct InjectedFault {
    pub(crate) fault: Fault,
    /// True if reads get the fault, false if writes get it.
    pub(crate) reads: bool,
    pub(crate) after: u64,
    pub(crate) times: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) policies: u64,
    pub(crate) max_entries: Option<Limit>,
    pub(crate) max_url_length: Option<usize>,
    pub(crate) stale_lists: u32,
    pub(crate) sources: Vec<SourceSetup>,
    pub(crate) faults: Vec<InjectedFault>,
    pub(crate) action: RequestedChange,
    /// IDs of the job, as indexes into `sources`. An index beyond the end stands for an unknown ID.
    pub(crate) ids: Vec<usize>,
    pub(crate) options: JobOptions,
}

impl Scenario {
    pub(crate) fn id(index: usize) -> String {
        // The IDs are not sorted, differ in length, and contain characters that a URL must encode.
        format!("{}é{index}", "x".repeat(index * 7 % 5))
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.ids.iter().map(|index| Self::id(*index)).collect()
    }

    /// Returns true if a fault can make a refused write look successful.
    pub(crate) fn has_wrong_successes(&self) -> bool {
        let wrong_successes = [Fault::TruncatedJson, Fault::WrongJson, Fault::GzipGarbage];
        let mut faults = self.faults.iter();
        faults.any(|injected_fault| !injected_fault.reads && wrong_successes.contains(&injected_fault.fault))
    }

    /// Creates the fake with the state that it has before the job.
    pub(crate) fn fake(&self) -> Fake {
        let fake = Fake::new(Settings {
            max_entries: self.max_entries,
            max_url_length: self.max_url_length,
            stale_reads: self.stale_lists,
            ..Settings::vary(self.policies)
        });
        for (id, name) in [("c1", "one"), ("c2", "two")] {
            fake.seed_category(id, name);
        }
        for id in [KEEPER, "bystander"] {
            fake.seed_offer_source(id);
            fake.seed_page(&format!("page of {id}"), id);
        }
        for (index, source) in self.sources.iter().enumerate() {
            let id = Self::id(index);
            fake.seed(
                "offersource",
                json!({
                    "idOfferSource": id, "offerSourceName": format!("SourceSetup {index}"),
                    "status": source.status, "idCategory": source.category,
                    "fieldThatNobodyKnows": { "x": index },
                }),
            );
            for (number, status) in source.pages.iter().enumerate() {
                let page = format!("page {number} of {id}");
                fake.seed_page(&page, &id);
                fake.set("page", &page, "status", *status);
            }
            if source.locked {
                fake.lock(id);
            }
        }
        for injected_fault in &self.faults {
            let reads = injected_fault.reads;
            let rule = Rule::new(injected_fault.fault.clone())
                .when(move |request| (request.method == http::Method::GET) == reads)
                .after(injected_fault.after);
            fake.inject(rule.times(injected_fault.times));
        }
        fake
    }
}

fn status() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just("active"), 3 => Just("archived"), 1 => Just("deleted")]
}

fn source() -> impl Strategy<Value = SourceSetup> {
    (
        status(),
        prop_oneof![Just(""), Just("c1"), Just("c2")],
        prop::bool::weighted(0.15),
        prop::collection::vec(status(), 0..3),
    )
        .prop_map(|(status, category, locked, pages)| SourceSetup {
            status,
            category,
            locked,
            pages,
        })
}

fn children() -> impl Strategy<Value = ChildrenOption> {
    prop_oneof![
        3 => Just(ChildrenOption::Leave),
        3 => Just(ChildrenOption::Cascade),
        3 => Just(ChildrenOption::Move),
        1 => Just(ChildrenOption::MoveToNowhere),
        3 => Just(ChildrenOption::Orphan),
    ]
}

fn action() -> impl Strategy<Value = RequestedChange> {
    prop_oneof![
        4 => children().prop_map(RequestedChange::Archive),
        1 => Just(RequestedChange::Unarchive),
        4 => children().prop_map(RequestedChange::Delete),
        1 => prop_oneof![Just("c1"), Just(""), Just("c-none")].prop_map(RequestedChange::Move),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let waits = prop_oneof![
        Just(RetryAfter::Absent),
        Just(RetryAfter::Seconds(2)),
        Just(RetryAfter::Seconds(4_000)),
        Just(RetryAfter::Text("soon".to_owned())),
    ];
    let status = prop::sample::select(vec![429_u16, 500, 502, 503, 504]);
    let refused = (status, waits, any::<bool>()).prop_map(|(status, retry_after, applied)| {
        Fault::Status {
            status,
            retry_after,
            // 429 means that the request was not processed.
            applied: applied && status != 429,
        }
    });
    let others = prop::sample::select(vec![
        Fault::RefuseConnection,
        Fault::StallConnect,
        Fault::ResetBeforeReading,
        Fault::ResetAfterReading,
        Fault::ResetAfterApplying,
        Fault::ResetInBody,
        Fault::CloseWithoutAnswer { applied: true },
        Fault::CloseWithoutAnswer { applied: false },
        Fault::CloseInBody,
        Fault::StallHeaders { applied: true },
        Fault::StallHeaders { applied: false },
        Fault::StallBody,
        Fault::TruncatedJson,
        Fault::WrongJson,
        Fault::Html { applied: true },
        Fault::Html { applied: false },
        Fault::ExpireToken,
        Fault::GzipGarbage,
        Fault::Oversized { bytes: 10_000 },
        Fault::WrongContentType,
        Fault::Unauthorized,
        Fault::DuplicateRows,
        Fault::ReverseRows,
        Fault::Gateway {
            status: 404,
            page: true,
        },
        Fault::Gateway {
            status: 404,
            page: false,
        },
        Fault::Gateway {
            status: 502,
            page: true,
        },
        Fault::Redirect {
            status: 307,
            location: "https://elsewhere.example/".to_owned(),
        },
    ]);
    prop_oneof![1 => refused, 3 => others]
}

fn injected_fault() -> impl Strategy<Value = InjectedFault> {
    let times = prop_oneof![6 => 1_u64..3, 2 => 3_u64..12, 1 => Just(1_000)];
    (fault(), any::<bool>(), 0_u64..8, times).prop_map(|(fault, reads, after, times)| InjectedFault {
        fault,
        reads,
        after,
        times,
    })
}

fn options() -> impl Strategy<Value = JobOptions> {
    let ends_after = prop_oneof![4 => Just(None), 1 => (1_u8..12).prop_map(Some)];
    let stop_after = prop_oneof![5 => Just(None), 1 => (1_usize..4).prop_map(Some)];
    (
        (1_usize..9, 1_usize..4, 0_u32..3),
        (
            prop::bool::weighted(0.8),
            prop_oneof![2 => Just(None), 1 => any::<bool>().prop_map(Some)],
        ),
        any::<bool>(),
        stop_after,
        100_usize..200,
        ends_after,
    )
        .prop_map(
            |(
                (chunk_size, concurrency, retries),
                (look_first, verify),
                in_order,
                stop_after,
                url_length,
                ends_after,
            )| {
                JobOptions {
                    chunk_size,
                    concurrency,
                    retries,
                    look_first,
                    verify,
                    in_order,
                    stop_after,
                    url_length,
                    ends_after,
                }
            },
        )
}

pub(crate) fn scenario() -> impl Strategy<Value = Scenario> {
    let max_entries = prop_oneof![
        5 => Just(None),
        1 => (1_usize..4, prop::sample::select(vec![400_u16, 413]))
            .prop_map(|(max, status)| Some(Limit { max, status })),
    ];
    let max_url_length = prop_oneof![8 => Just(None), 1 => (120_usize..200).prop_map(Some)];
    let faults = prop_oneof![
        1 => Just(Vec::new()),
        2 => prop::collection::vec(injected_fault(), 1..4),
    ];
    (
        (any::<u64>(), max_entries, max_url_length, 0_u32..3),
        prop::collection::vec(source(), 1..16),
        faults,
        action(),
        options(),
    )
        .prop_flat_map(|(service, sources, faults, action, options)| {
            let count = sources.len();
            prop::collection::vec(0..count + 2, 1..20).prop_map(move |ids| Scenario {
                policies: service.0,
                max_entries: service.1,
                max_url_length: service.2,
                stale_lists: service.3,
                sources: sources.clone(),
                faults: faults.clone(),
                action,
                ids,
                options: options.clone(),
            })
        })
}
