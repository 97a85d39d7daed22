//! Description of the machine on which the figures were measured, without its host name.

use crate::{BoxError, processes::output};
use std::{fs, process::Command};

/// Returns the processor, cores, system and compiler in one line.
pub(crate) fn describe() -> Result<String, BoxError> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let processor = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown processor", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism()?;
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = system
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or(std::env::consts::OS, |name| name.trim_matches('"'));
    let (compiler, _) = output(Command::new("rustc").arg("--version"))?;
    let compiler: Vec<&str> = compiler.split_whitespace().take(2).collect();
    Ok(format!(
        "Measured on {processor}, {cores} cores, {system}, {}.",
        compiler.join(" ")
    ))
}

/// Returns the peak memory of this process in KiB.
pub(crate) fn peak_memory() -> Result<u64, BoxError> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|peak| peak.split_whitespace().next())
        .ok_or("/proc/self/status lacks VmHWM")?;
    Ok(peak.parse()?)
}
