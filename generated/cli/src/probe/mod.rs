//! Experiments on an account. They answer questions that the documentation leaves open.
//!
//! Each open question corresponds to a setting of the fake service. An [`Experiment`](experiment::Experiment)
//! answers one or several questions. It consists of the questions, the state that each asset must be in
//! before the first step, the steps, and a function that draws conclusions from their results. Experiments do
//! not name groups of assets. The probe chooses a group that supports all operations of an experiment.
//!
//! | module | contents |
//! |---|---|
//! | `experiment` | types: slots for assets, steps, observations, findings |
//! | `table` | the experiments, and the questions that stay open |
//! | `conclusions` | findings from observations |
//! | `scene` | the choice of groups for an experiment |
//! | `account` | requests, and the assets that the probe creates and removes |
//! | `limits` | searches for limits of the service |
//! | `run` | the run of all experiments |
//! | `report` | the report: verdicts, the table, and settings for the fake |

mod account;
mod conclusions;
mod experiment;
mod limits;
mod report;
mod run;
mod scene;
mod table;

pub(crate) use account::{RemainingState, Remains};
pub(crate) use report::Report;
pub(crate) use run::{Options, asset_count, plan, run};

/// Beginning of the name of every asset that the probe creates.
pub(crate) const NAME: &str = "funnelflux probe";
