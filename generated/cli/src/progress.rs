//! Progress of a job on stderr.

use funnelflux::ext::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Interval between two lines of progress if stderr is not a terminal.
const INTERVAL: Duration = Duration::from_secs(10);

/// Display of progress on stderr. On a terminal, it is a bar. Otherwise, it prints a line every ten seconds.
#[derive(Clone, Debug)]
pub(crate) struct LineDisplay(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    bar: Option<ProgressBar>,
    last_line: Instant,
}

impl LineDisplay {
    pub(crate) fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is constant and tested, so it is always valid.
            if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg} {eta}") {
                bar.set_style(style);
            }
            bar
        });
        let last_line = Instant::now();
        Self(Arc::new(Mutex::new(State { bar, last_line })))
    }

    /// Shows the progress of a job.
    pub(crate) fn update_job(&self, progress: &Progress) {
        self.update(progress.finished(), progress.total, progress.counts);
    }

    /// Shows a new state of the progress. `message` describes this state.
    pub(crate) fn update(&self, finished: usize, total: usize, message: impl fmt::Display) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.bar {
            Some(bar) => {
                bar.set_length(total as u64);
                bar.set_message(message.to_string());
                bar.set_position(finished as u64);
            }
            None if state.last_line.elapsed() >= INTERVAL => {
                state.last_line = Instant::now();
                // If stderr is closed, the error is ignored.
                let _ = writeln!(io::stderr(), "{finished} of {total}: {message}");
            }
            None => {}
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &state.bar {
            bar.finish_and_clear();
        }
    }
}
