//! Other processes: this program in another role, and commands whose CPU time counts.

use crate::Failure;
use funnelflux_benches::workload::{By, Work};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The service in a process of its own, until it is dropped.
pub(crate) struct Service {
    process: Child,
    pub(crate) base_url: String,
}

impl Service {
    pub(crate) fn start(latency: Duration) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", "--latency", &latency.as_millis().to_string()])
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

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Work in a process of its own.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) by: By,
    pub(crate) work: Work,
    pub(crate) ids: usize,
    pub(crate) times: usize,
}

/// What work took.
pub(crate) struct Took {
    pub(crate) time: Duration,
    /// The most memory that the process had, in KiB.
    pub(crate) peak_memory: u64,
}

impl Job {
    /// The arguments by which this program does it.
    pub(crate) fn arguments(self, base_url: &str) -> Vec<String> {
        let name = |value: Option<clap::builder::PossibleValue>| {
            value.map_or_else(String::new, |value| value.get_name().to_owned())
        };
        let mut arguments = vec!["work".to_owned()];
        for (option, value) in [
            ("--base-url", base_url.to_owned()),
            ("--by", name(clap::ValueEnum::to_possible_value(&self.by))),
            ("--work", name(clap::ValueEnum::to_possible_value(&self.work))),
            ("--ids", self.ids.to_string()),
            ("--times", self.times.to_string()),
        ] {
            arguments.extend([option.to_owned(), value]);
        }
        arguments
    }

    pub(crate) fn run(self, base_url: &str) -> Result<Took, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let printed = output(command.args(self.arguments(base_url)))?.0;
        let mut lines = printed.lines();
        let mut next = || lines.next().ok_or("the work printed too little");
        Ok(Took {
            time: Duration::from_secs_f64(next()?.parse()?),
            peak_memory: next()?.parse()?,
        })
    }
}

/// Runs a command to its end; what it printed, and what it said besides.
pub(crate) fn output(command: &mut Command) -> Result<(String, String), Failure> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    if output.status.success() {
        Ok((printed, said))
    } else {
        Err(format!("{command:?}: {}\n{said}{printed}", output.status).into())
    }
}

/// How a command may end.
#[derive(Clone, Copy)]
pub(crate) enum Expect {
    Success,
    /// With one of these codes.
    AnyOf(&'static [i32]),
}

/// CPU time of a command with all that it starts, to a hundredth of a second.
pub(crate) fn cpu_time(command: &mut Command, expect: Expect) -> Result<Duration, Failure> {
    let before = cpu_time_of_children()?;
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let as_expected = match expect {
        Expect::Success => output.status.success(),
        Expect::AnyOf(codes) => output.status.code().is_some_and(|code| codes.contains(&code)),
    };
    if !as_expected {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{said}", output.status).into());
    }
    Ok(cpu_time_of_children()?.saturating_sub(before))
}

/// CPU time of the ended processes that this one has started, theirs included.
fn cpu_time_of_children() -> Result<Duration, Failure> {
    let status = fs::read_to_string("/proc/self/stat")?;
    // The name may hold anything but ends with the last parenthesis; cutime and cstime are the 16th and 17th of all fields.
    let (_, fields) = status.rsplit_once(')').ok_or("/proc/self/stat is odd")?;
    let ticks: u64 = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<Result<_, _>>()?;
    // Linux counts these in hundredths of a second, whatever its timer does.
    Ok(Duration::from_millis(ticks * 10))
}
