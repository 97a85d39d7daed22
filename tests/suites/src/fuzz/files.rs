//! Fuzz targets for files that a person may edit or receive: plans and snapshots.

use flate2::{Compression, write::GzEncoder};
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::snapshot::{Comparison, Snapshot};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// IDs of the assets in the snapshots. The assets are offer sources.
const ASSETS: [&str; 2] = ["2nIemJxCKbFX", "2nIemJxCKbFY"];

/// Checks that an error is one line that names the path.
fn check_error(error: &str, path: &Path) {
    assert!(
        error.contains(&path.display().to_string()),
        "the file is not named: {error}"
    );
    assert!(!error.contains('\n'), "{error:?}");
}

/// Checks that a plan is either read and written without loss, or refused with an error that names the file.
pub(super) fn plan(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    fs::write(&path, bytes).unwrap();
    match ChangePlan::read(&path) {
        Ok(plan) => {
            plan.write(&path).unwrap();
            let again = ChangePlan::read(&path).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(plan.to_json(), again.to_json());
            assert_eq!(plan.to_string(), again.to_string());
            for entry in plan.entries() {
                assert!(!entry.steps().is_empty(), "{entry}");
            }
        }
        Err(error) => check_error(&error.to_string(), &path),
    }
}

/// Reads a snapshot completely, packs it, and checks that the packed snapshot equals the original.
fn check_snapshot(path: &Path) {
    let snapshot = match Snapshot::open_incomplete(path) {
        Ok(snapshot) => snapshot,
        Err(error) => return check_error(&error.to_string(), path),
    };
    assert_eq!(snapshot.is_whole(), Snapshot::open(path).is_ok());
    let keys: Vec<_> = snapshot.keys().cloned().collect();
    let assets: Result<Vec<_>, _> = snapshot.assets().collect();
    // Opening a snapshot validates a file only if the file differs from its fingerprint. Therefore, reading a
    // file that matches its fingerprint may fail.
    let Ok(assets) = assets else {
        return;
    };
    assert!(assets.iter().map(|asset| &asset.key).eq(&keys));
    let folder = tempfile::tempdir().unwrap();
    let packed = folder.path().join("packed.tar.gz");
    snapshot.pack(&packed).unwrap_or_else(|error| panic!("{error}"));
    let unpacked = Snapshot::open_incomplete(&packed).unwrap_or_else(|error| panic!("{error}"));
    assert!(unpacked.keys().eq(&keys));
    let comparison = Comparison::between(&snapshot, &unpacked).unwrap_or_else(|error| panic!("{error}"));
    assert!(comparison.is_equal(), "{comparison}");
}

/// Checks that a manifest of a snapshot with two assets is either read or refused with an error that names
/// the file.
pub(super) fn manifest(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let group = folder.path().join("offer-sources");
    fs::create_dir(&group).unwrap();
    for id in ASSETS {
        let text = format!("{{\n  \"idOfferSource\": \"{id}\"\n}}\n");
        fs::write(group.join(format!("{id}.json")), text).unwrap();
    }
    fs::write(folder.path().join("snapshot.json"), bytes).unwrap();
    check_snapshot(folder.path());
}

/// Checks that an archive of a snapshot is either read or refused. The input is a tar archive. The function
/// wraps it in gzip, so that a fuzzer can change the archive itself.
pub(super) fn archive(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inner/snapshot.tar.gz");
    fs::create_dir(folder.path().join("inner")).unwrap();
    let mut encoder = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::none());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap();
    check_snapshot(&path);
    // Nothing is unpacked beside the archive or above it.
    let count = |folder: &Path| fs::read_dir(folder).unwrap().count();
    assert_eq!(
        (count(folder.path()), count(&folder.path().join("inner"))),
        (1, 1)
    );
}
