//! Checks that calls report the truth for random settings of the fake and random faults.

use super::*;
use funnelflux::Error;
use funnelflux::types::{DuplicateRequest, OfferSource, ParentMutationRequest};
use funnelflux_fake::{Settings, Status};
use funnelflux_suites::{client, run};
use proptest::prelude::*;

/// Generates the seed for the settings of a fake, and the faults of its first requests, in order.
fn trouble() -> impl Strategy<Value = (u64, Vec<Fault>)> {
    let faults: Vec<Fault> = faults().collect();
    let script = proptest::collection::vec(proptest::sample::select(faults), 0..9);
    (any::<u64>(), script)
}

fn service(seed: u64, script: &[Fault]) -> (Fake, funnelflux::Client) {
    let fake = Fake::new(Settings::vary(seed));
    fake.seed_offer_source("a");
    for fault in script {
        fake.inject(Rule::new(fault.clone()));
    }
    let client = client(&fake).max_response_bytes(LARGE).build().unwrap();
    (fake, client)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_create_makes_at_most_one_asset_and_reports_the_truth((seed, script) in trouble()) {
        run(async {
            let (fake, client) = service(seed, &script);
            let outcome = client.create(|id| OfferSource::new(id, "new")).await;
            let state = fake.state();
            let made: Vec<_> = state.assets("offersource").filter(|asset| asset.id != "a").collect();
            prop_assert!(made.len() <= 1, "{}", made.len());
            match outcome {
                Ok(id) => prop_assert!(made.iter().any(|asset| asset.id == id.as_str())),
                Err(error) => prop_assert!(made.is_empty() || error.may_have_been_applied(), "{error}"),
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_duplicate_makes_at_most_one_copy_and_reports_the_truth((seed, script) in trouble()) {
        run(async {
            let (fake, client) = service(seed, &script);
            let request = DuplicateRequest::new("copy");
            let outcome = client.duplicate_offer_source(&"a".into(), &request).await;
            let made = fake.state().assets("offersource").count() - 1;
            prop_assert!(made <= 1, "{made}");
            match outcome {
                Ok(_) => prop_assert_eq!(made, 1),
                Err(error) => {
                    prop_assert!(made == 0 || error.may_have_been_applied(), "{error}");
                    prop_assert!(made == 0 || !error.is_retryable(), "{error}");
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_successful_archive_was_applied((seed, script) in trouble()) {
        run(async {
            let (fake, client) = service(seed, &script);
            let request = ParentMutationRequest::new(["a".to_owned()]);
            let outcome: Result<(), Error> = client.archive_offer_sources(&request).await;
            let archived = fake.state().asset("offersource", "a").unwrap().status == Status::Archived;
            match outcome {
                Ok(()) => prop_assert!(archived),
                Err(error) => prop_assert!(!archived || error.may_have_been_applied(), "{error}"),
            }
            Ok(())
        })?;
    }
}
