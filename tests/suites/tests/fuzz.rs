//! Runs the fuzz targets on their seeds and mutated seeds in every test run.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use fastrand::Rng;
use funnelflux::ext::Journal;
use funnelflux_generator::overlay;
use funnelflux_openapi::{Source, normalise, read};
use funnelflux_suites::fuzz::TARGETS;
use std::{fs, panic, path::Path};

/// Default number of mutated inputs for each target, overridden by `FUNNELFLUX_FUZZ`.
const RUNS: u64 = 1_500;

/// Slow targets, which get only a tenth of the inputs.
const SLOW: [&str; 4] = ["generator", "probe", "manifest", "archive"];

/// Byte strings that have a meaning in one of the input formats. Mutations insert them.
const WORDS: &[&[u8]] = &[
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"\"\"",
    b"\\u0000",
    b"\\ud800",
    b"$ref",
    b"#/components/schemas/",
    b"type",
    b"enum",
    b"- ",
    b": ",
    b"&a ",
    b"*a",
    b"<<",
    b"%",
    b"1e999",
    b"-0",
    b"9223372036854775808",
    b"\n",
    b"\xff",
    b"\xef\xbb\xbf",
    b"$..*",
    b"[?@]",
    b"Thu, 01 Jan 2026 00:00:00 GMT",
    b"inf",
    b"settled",
    b"sending",
    b"ids",
    b"sha256:",
    b"\"was\": ",
    b"\"create\": {}",
    b"2nIemJxCKbFX",
    b"/status",
    b"style: ",
    b"explode: ",
    b"multipart/form-data",
    b"text/plain",
    b"application/x-www-form-urlencoded",
    b"[]?",
    b"| ",
    b"test(",
    b"!=",
    b"~",
];

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Returns one of the seeds, changed in a few places.
fn changed(seeds: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut bytes = random.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..16)).min(bytes.len());
        match random.u8(..6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            1 => drop(bytes.splice(at..end, [])),
            2 => drop(bytes.splice(at..at, random.choice(WORDS).unwrap().iter().copied())),
            3 => drop(bytes.splice(at..end, random.choice(WORDS).unwrap().iter().copied())),
            4 => {
                let second = random.choice(seeds).unwrap();
                let from = random.usize(..=second.len());
                let to = (from + random.usize(..64)).min(second.len());
                bytes.splice(at..end, second[from..to].iter().copied());
            }
            _ => bytes.truncate(at.max(bytes.len() / 2)),
        }
    }
    bytes
}

#[test]
fn every_target_passes_on_seeds_and_mutations() {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let seed = number("FUNNELFLUX_SEED").unwrap_or_else(|| fastrand::u64(..));
    let runs = number("FUNNELFLUX_FUZZ").unwrap_or(RUNS);
    std::thread::scope(|scope| {
        for (name, body) in TARGETS {
            scope.spawn(move || {
                let seeds = seeds(name);
                assert!(seeds.len() >= 3, "{name} lacks seeds");
                let mut random = Rng::with_seed(seed);
                let runs = if SLOW.contains(name) { runs / 10 } else { runs };
                let changes = std::iter::repeat_with(|| changed(&seeds, &mut random));
                let inputs = seeds
                    .iter()
                    .cloned()
                    .chain(changes.take(usize::try_from(runs).unwrap()));
                for input in inputs {
                    assert!(
                        panic::catch_unwind(|| body(&input)).is_ok(),
                        "{name} panicked; repeat with FUNNELFLUX_SEED={seed}; input:\n{}",
                        input.escape_ascii()
                    );
                }
            });
        }
    });
}

/// Checks that seeds are accepted. A fuzzer makes no progress from a seed that is refused at its first
/// bytes.
#[test]
fn seeds_are_accepted() {
    let seed = |name: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../fuzz/seeds")
            .join(name)
    };
    for (name, ids) in [("journal/whole", 3), ("journal/torn", 1)] {
        let journal = Journal::read(seed(name)).unwrap();
        assert_eq!(journal.ids::<String>().len(), ids);
    }
    for name in ["openapi-3.0.json", "openapi-3.1.yaml", "swagger-2.0.yaml"] {
        let text = fs::read_to_string(seed("document").join(name)).unwrap();
        let document = read::read(Source { name, text: &text }).unwrap();
        normalise::normalise(document).unwrap();
    }
    for name in ["update.yaml", "remove.yaml", "copy.json"] {
        let text = fs::read_to_string(seed("overlay").join(name)).unwrap();
        let document = read::read(Source {
            name: "a.json",
            text: funnelflux_suites::fuzz::DOCUMENT,
        });
        let overlays = overlay::read(&[Source { name, text: &text }]).unwrap();
        overlay::apply(document.unwrap(), &overlays).unwrap();
    }
}
