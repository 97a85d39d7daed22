//! Causes of stale files: changes since the lock was written.

use std::collections::BTreeMap;

use funnelflux_generator::Lock;

/// Describes the differences between the recorded inputs and those of the current run.
pub(super) fn describe(old: Option<&Lock>, new: &Lock) -> String {
    let Some(old) = old else {
        return "there is no lock that records the last run".to_owned();
    };
    let mut causes = Vec::new();
    if (&old.upstream.file, &old.upstream.sha256) != (&new.upstream.file, &new.upstream.sha256) {
        causes.push(format!(
            "the document {} differs from the one in the lock",
            new.upstream.file
        ));
    }
    let [old_overlays, new_overlays] = [old, new].map(|lock| {
        let overlays = lock.overlays.iter();
        let overlays = overlays.map(|overlay| (&*overlay.file, &*overlay.sha256));
        overlays.collect::<BTreeMap<&str, &str>>()
    });
    for (file, sha256) in &new_overlays {
        match old_overlays.get(file) {
            None => causes.push(format!("the overlay {file} is not in the lock")),
            Some(old) if old != sha256 => {
                causes.push(format!("the overlay {file} differs from the one in the lock"));
            }
            Some(_) => {}
        }
    }
    let removed = old_overlays
        .keys()
        .filter(|file| !new_overlays.contains_key(*file));
    causes.extend(removed.map(|file| format!("the overlay {file} is in the lock and does not exist")));
    for (name, version) in &new.generator {
        match old.generator.get(name) {
            Some(old) if old == version => {}
            Some(old) => causes.push(format!("the version of {name} is {version}, in the lock {old}")),
            None => causes.push(format!("the version of {name} is not in the lock")),
        }
    }
    if !causes.is_empty() {
        causes.join("; ")
    } else if old.files == new.files && old.effective == new.effective {
        "document, overlays and generator match the lock, so the lock was edited".to_owned()
    } else {
        "the generator in codegen/ has changed, or the lock was edited".to_owned()
    }
}
