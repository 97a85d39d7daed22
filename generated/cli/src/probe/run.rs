//! Runs all experiments in turn. The run stops at the first surprise. In any case, it deletes the assets that
//! the probe created.

use super::account::Account;
use super::experiment::{Experiment, Finding, Halt, Observation, Question, Slot, Step};
use super::report::{Report, Row};
use super::scene::{Known, Scene};
use super::table::{EXPERIMENTS, OPEN};
use super::{experiment, limits};
use crate::exit::Failure;
use funnelflux::Client;
use funnelflux::ext::AssetGroup;
use funnelflux_fake::{Action, Children};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// Returns rows that describe the experiments, without sending a request.
pub(crate) fn plan(accepts_inferred: bool) -> Vec<Value> {
    let rows = EXPERIMENTS.iter().flat_map(|experiment| {
        let steps: Vec<String> = experiment.steps.iter().map(Step::to_string).collect();
        let (group, steps) = match Scene::choose(experiment, accepts_inferred) {
            Ok(scene) => (scene.group.plural(), steps.join(", ")),
            Err(reason) => ("", reason),
        };
        let questions = experiment.questions.iter();
        questions
            .map(move |question| plan_row(question, group, &steps))
            .collect::<Vec<_>>()
    });
    let open = OPEN
        .iter()
        .map(|(question, reason)| plan_row(question, "", reason));
    rows.chain(open).collect()
}

fn plan_row(question: &Question, group: &str, steps: &str) -> Value {
    json!({ "setting": question.setting, "question": question.text, "group": group, "steps": steps })
}

/// Returns the maximum number of assets that the probe creates. Experiments with the same group share their
/// assets.
pub(crate) fn asset_count(accepts_inferred: bool) -> usize {
    let mut assets: Vec<(AssetGroup, Slot)> = Vec::new();
    for experiment in EXPERIMENTS {
        let Ok(scene) = Scene::choose(experiment, accepts_inferred) else {
            continue;
        };
        for slot in experiment
            .slots()
            .into_iter()
            .filter(|slot| *slot != Slot::Unknown)
        {
            if let Some(group) = scene.group_of(slot)
                && !assets.contains(&(group, slot))
            {
                assets.push((group, slot));
            }
        }
    }
    assets.len()
}

/// Options of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// True if inferred operations may be used.
    pub(crate) accepts_inferred: bool,
    /// Pause between repeated reads, while the probe waits for a new asset or a change.
    pub(crate) pause: Duration,
}

/// Runs all experiments. Before each experiment, the function calls `progress` with the index of the
/// experiment, the number of experiments and the first question. If `is_stopped` then returns true, the run
/// stops.
///
/// # Errors
/// Returns an error if no ID can be generated for the experiments. Any other failure is part of the report.
pub(crate) async fn run(
    client: &Client,
    options: Options,
    is_stopped: impl Fn() -> bool,
    mut progress: impl FnMut(usize, usize, &str),
) -> Result<Report, Failure> {
    let mut account = Account::new(client, options.pause)?;
    let mut report = Report::default();
    for (index, experiment) in EXPERIMENTS.iter().enumerate() {
        let question = experiment.questions.first().map_or("", |question| question.text);
        progress(index, EXPERIMENTS.len(), question);
        if is_stopped() {
            report.is_cancelled = true;
        }
        if report.is_cancelled || report.surprise.is_some() {
            report.add(experiment.questions, |_| Finding::Open("not asked".to_owned()));
            continue;
        }
        let findings = match Scene::choose(experiment, options.accepts_inferred) {
            Ok(scene) => perform(&mut account, experiment, &scene).await,
            Err(reason) => Err(Halt::Impossible(reason)),
        };
        match findings {
            Ok(findings) => report.add(experiment.questions, |index| match findings.get(index) {
                Some(finding) => finding.clone(),
                None => Finding::Open("not seen".to_owned()),
            }),
            Err(Halt::Impossible(reason)) => {
                report.add(experiment.questions, |_| Finding::Open(reason.clone()));
            }
            Err(Halt::Surprise(reason)) => {
                report.add(experiment.questions, |_| Finding::Surprise(reason.clone()));
            }
        }
    }
    for (question, reason) in OPEN {
        report.add(&[*question], |_| Finding::Open((*reason).to_owned()));
    }
    report.remains = account.clean_up().await;
    Ok(report)
}

async fn perform(
    account: &mut Account<'_>,
    experiment: &Experiment,
    scene: &Scene,
) -> Result<Vec<Finding>, Halt> {
    for (slot, state) in experiment.start {
        account.ensure(scene, *slot, *state).await?;
    }
    let mut observations = Vec::with_capacity(experiment.steps.len());
    for step in experiment.steps {
        observations.push(take(account, scene, step).await?);
    }
    let slots = experiment.slots();
    let ids = slots
        .iter()
        .filter_map(|slot| Some((*slot, account.id(scene, *slot)?)));
    let sent = slots
        .iter()
        .filter_map(|slot| Some((*slot, account.sent(scene, *slot)?)));
    let known = Known {
        group: scene.group,
        ids: ids.collect::<HashMap<_, _>>(),
        sent: sent.collect::<HashMap<_, _>>(),
    };
    Ok((experiment.conclude)(&known, &observations))
}

/// Performs one step of an experiment, and returns the observation.
async fn take(account: &mut Account<'_>, scene: &Scene, step: &Step) -> Result<Observation, Halt> {
    let group = scene.group;
    let none = experiment::Variation::None;
    let ids = |account: &Account<'_>, slots: &[Slot]| -> Vec<String> {
        slots.iter().filter_map(|slot| account.id(scene, *slot)).collect()
    };
    let id = |account: &Account<'_>, slot: Slot| account.id(scene, slot).unwrap_or_default();
    let answer = match *step {
        Step::ReadUntilThere => {
            let (by_id, in_list) = account.read_until_there(scene).await?;
            return Ok(Observation::LateReads { by_id, in_list });
        }
        Step::Look(slot) => {
            let own = scene.group_of(slot).unwrap_or(group);
            let id = id(account, slot);
            return Ok(Observation::Asset(account.look(own, &id).await?));
        }
        Step::LongUrl => return Ok(Observation::Limit(limits::url_length(account, group).await?)),
        Step::ManyIds => return Ok(Observation::Limit(limits::ids(account, group).await?)),
        Step::LargeBody => return Ok(Observation::Limit(limits::body_bytes(account, group).await?)),
        Step::Find(slot, variation) => {
            account.settle(group).await?;
            let id = id(account, slot);
            account.send(group, &Action::Find(&id), variation).await?
        }
        Step::FindMany(slots) => {
            account.settle(group).await?;
            let ids = ids(account, slots);
            account.send(group, &Action::FindMany(&texts(&ids)), none).await?
        }
        Step::FindByCategory(slot) => {
            account.settle(group).await?;
            let id = id(account, slot);
            account.send(group, &Action::FindByCategory(&id), none).await?
        }
        Step::List(status) => {
            account.settle(group).await?;
            account.send(group, &Action::List(status), none).await?
        }
        Step::CreateAgain(slot) => {
            let mut body = account.sent(scene, slot).unwrap_or_default();
            rename(group, &mut body, " again")?;
            account.send(group, &Action::Create(&body), none).await?
        }
        Step::SaveRequired(slot) => {
            let mut body = required(account, scene, slot);
            rename(group, &mut body, " saved")?;
            account.send(group, &Action::Save(&body), none).await?
        }
        Step::Archive(slots) => {
            let ids = ids(account, slots);
            let action = Action::Archive(&texts(&ids), Children::Unmentioned);
            account.send(group, &action, none).await?
        }
        Step::ArchiveCascade(slots) => {
            let ids = ids(account, slots);
            let action = Action::Archive(&texts(&ids), Children::Cascade);
            account.send(group, &action, none).await?
        }
        Step::ArchiveMove(slots, target) => {
            let (ids, target) = (ids(account, slots), id(account, target));
            let action = Action::Archive(&texts(&ids), Children::Move(&target));
            account.send(group, &action, none).await?
        }
        Step::Unarchive(slots) => {
            let ids = ids(account, slots);
            account
                .send(group, &Action::Unarchive(&texts(&ids)), none)
                .await?
        }
        Step::Delete(slots) => {
            let ids = ids(account, slots);
            let action = Action::Delete(&texts(&ids), Children::Unmentioned);
            let answer = account.send(group, &action, none).await?;
            if answer.is_success() {
                for id in &ids {
                    account.mark_deleted(id);
                }
            }
            answer
        }
        Step::Move(slots, category) => {
            let (ids, category) = (ids(account, slots), id(account, category));
            account
                .send(group, &Action::MoveToCategory(&texts(&ids), &category), none)
                .await?
        }
        Step::Uncategorise(slots) => {
            let ids = ids(account, slots);
            account
                .send(group, &Action::MoveToCategory(&texts(&ids), ""), none)
                .await?
        }
    };
    Ok(Observation::Answer(answer))
}

fn texts(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

/// Appends `words` to the name of the asset in a request body.
fn rename(group: AssetGroup, body: &mut Value, words: &str) -> Result<(), Halt> {
    let name = group.name_pointer().and_then(|pointer| body.pointer_mut(pointer));
    let Some(Value::String(name)) = name else {
        return Err(Halt::Impossible(format!("{} have no name", group.plural())));
    };
    name.push_str(words);
    Ok(())
}

/// Returns the request body that created an asset, without the property that only asset B has.
fn required(account: &Account<'_>, scene: &Scene, slot: Slot) -> Value {
    let mut body = account.sent(scene, slot).unwrap_or_default();
    if let (Some(property), Some(body)) = (super::scene::extra_property(scene.group), body.as_object_mut()) {
        body.remove(property);
    }
    body
}

impl Row {
    pub(super) fn new(question: &Question, finding: Finding) -> Self {
        Self {
            setting: question.setting,
            question: question.text,
            finding,
        }
    }
}
