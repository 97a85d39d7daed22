//! Tests of the program as a process against the fake on a socket.
//!
//! | module | subject |
//! |---|---|
//! | `help` | help pages, manual pages, completions, the time to start |
//! | `reading` | list and get, and their output in every format |
//! | `calling` | call, api and id |
//! | `accounts` | login, profiles and errors of authentication |
//! | `probe` | experiments on an account, about behaviour that the documentation leaves open |
//! | `jobs` | bulk jobs: plans, confirmation, journals, kill and resume |
//! | `snapshots` | export, compare and where-used |
//! | `plans` | create, set, edit, import, replace, plan, apply and undo |
//! | `mcp` | the server for assistants, if the feature is enabled |
//! | `digits` | numbers that would be rounded |
//! | `safety` | mistakes of users, and answers of proxies |
//! | `documentation`, `picture` | the README, its picture of a terminal, and a day of work |
//! | `terminal` | questions, progress bars, Ctrl-C, tables and colours |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod accounts;
mod calling;
mod digits;
mod documentation;
mod help;
mod jobs;
#[cfg(feature = "mcp")]
mod mcp;
mod picture;
mod plans;
mod probe;
mod reading;
mod safety;
mod snapshots;
mod support;
#[cfg(unix)]
mod terminal;
