//! Child processes: this program with an internal command, and commands whose CPU time is measured.

use crate::BoxError;
use funnelflux_benches::workload::{ClientKind, Workload};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A service in a child process. The process is killed when this value is dropped.
pub(crate) struct ServiceProcess {
    process: Child,
    pub(crate) base_url: String,
}

impl ServiceProcess {
    /// Starts a service with prepared responses.
    pub(crate) fn start(latency: Duration) -> Result<Self, BoxError> {
        Self::serve(&["serve", "--latency", &latency.as_millis().to_string()])
    }

    /// Starts a fake of the FunnelFlux service with this number of offer sources.
    pub(crate) fn start_fake(assets: usize) -> Result<Self, BoxError> {
        Self::serve(&["serve-fake", "--assets", &assets.to_string()])
    }

    fn serve(arguments: &[&str]) -> Result<Self, BoxError> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the service has no output")?;
        let mut base_url = String::new();
        BufReader::new(output).read_line(&mut base_url)?;
        Ok(Self {
            process,
            base_url: base_url.trim().to_owned(),
        })
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        // The process may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A workload for a child process.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) kind: ClientKind,
    pub(crate) workload: Workload,
    pub(crate) ids: usize,
    pub(crate) times: usize,
}

/// Measurements of a job.
pub(crate) struct JobMeasurement {
    pub(crate) time: Duration,
    /// Peak memory of the process in KiB.
    pub(crate) peak_memory: u64,
}

impl Job {
    /// Returns the arguments that make this program run the job.
    pub(crate) fn arguments(self, base_url: &str) -> Vec<String> {
        let name = |value: Option<clap::builder::PossibleValue>| {
            value.map_or_else(String::new, |value| value.get_name().to_owned())
        };
        let mut arguments = vec!["work".to_owned()];
        for (option, value) in [
            ("--base-url", base_url.to_owned()),
            ("--kind", name(clap::ValueEnum::to_possible_value(&self.kind))),
            (
                "--workload",
                name(clap::ValueEnum::to_possible_value(&self.workload)),
            ),
            ("--ids", self.ids.to_string()),
            ("--times", self.times.to_string()),
        ] {
            arguments.extend([option.to_owned(), value]);
        }
        arguments
    }

    pub(crate) fn run(self, base_url: &str) -> Result<JobMeasurement, BoxError> {
        let mut command = Command::new(std::env::current_exe()?);
        let stdout = output(command.args(self.arguments(base_url)))?.0;
        let mut lines = stdout.lines();
        let mut next = || lines.next().ok_or("the job printed too few lines");
        Ok(JobMeasurement {
            time: Duration::from_secs_f64(next()?.parse()?),
            peak_memory: next()?.parse()?,
        })
    }
}

/// Runs a command and returns its standard output and standard error.
pub(crate) fn output(command: &mut Command) -> Result<(String, String), BoxError> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if output.status.success() {
        Ok((stdout, stderr))
    } else {
        Err(format!("{command:?}: {}\n{stderr}{stdout}", output.status).into())
    }
}

/// Exit codes that are not failures.
#[derive(Clone, Copy)]
pub(crate) enum AcceptedExit {
    Success,
    /// Any of these codes.
    AnyOf(&'static [i32]),
    /// Any of these codes, unless the standard error begins with this text.
    AnyOfWithoutError(&'static [i32], &'static str),
}

/// Runs a command, and returns the CPU time of the command and its child processes, to a hundredth of a
/// second.
pub(crate) fn cpu_time(command: &mut Command, exit: AcceptedExit) -> Result<Duration, BoxError> {
    let before = cpu_time_of_children()?;
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let has_code = |codes: &[i32]| output.status.code().is_some_and(|code| codes.contains(&code));
    let accepted = match exit {
        AcceptedExit::Success => output.status.success(),
        AcceptedExit::AnyOf(codes) => has_code(codes),
        AcceptedExit::AnyOfWithoutError(codes, error) => has_code(codes) && !stderr.starts_with(error),
    };
    if !accepted {
        return Err(format!("{command:?}: {}\n{stderr}", output.status).into());
    }
    Ok(cpu_time_of_children()?.saturating_sub(before))
}

/// Returns the CPU time of the child processes that have ended, including their own child processes.
fn cpu_time_of_children() -> Result<Duration, BoxError> {
    let status = fs::read_to_string("/proc/self/stat")?;
    // The process name may contain any characters, but it ends at the last parenthesis. `cutime` and `cstime`
    // are the fields 16 and 17.
    let (_, fields) = status
        .rsplit_once(')')
        .ok_or("/proc/self/stat lacks the process name")?;
    let ticks: u64 = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<Result<_, _>>()?;
    // On Linux, these fields are always in hundredths of a second.
    Ok(Duration::from_millis(ticks * 10))
}
