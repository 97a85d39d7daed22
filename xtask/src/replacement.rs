//! Replaces files in `spec/` so that one command brings all of them back.

use crate::{exit::Failure, workspace::Workspace};

/// Files that a command writes or removes.
pub(crate) struct Replacement<'w> {
    workspace: &'w Workspace,
    /// Files in `spec/` whose text git did not have at the start. `None` if the workspace is not in a git
    /// repository.
    missing_in_git: Option<Vec<String>>,
    /// Replaced files that git can restore.
    in_git: Vec<String>,
    /// Replaced files that git cannot restore, and their copies.
    copied: Vec<(String, String)>,
    added: Vec<String>,
}

impl<'w> Replacement<'w> {
    pub(crate) fn new(workspace: &'w Workspace) -> Self {
        Self {
            workspace,
            missing_in_git: workspace.missing_in_git("spec"),
            in_git: Vec::new(),
            copied: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Writes a file, or removes it if `new` is `None`. If git cannot restore its old text, first keeps a
    /// copy in the same folder.
    pub(crate) fn replace(&mut self, name: &str, new: Option<&str>) -> Result<(), Failure> {
        let old = self.workspace.read(name)?;
        if old.as_ref().map(|old| old.text.as_str()) == new {
            return Ok(());
        }
        let is_in_git = |missing: &Vec<String>| !missing.iter().any(|missing| missing == name);
        match old {
            None => self.added.push(name.to_owned()),
            Some(_) if self.missing_in_git.as_ref().is_some_and(is_in_git) => {
                self.in_git.push(name.to_owned());
            }
            Some(old) => {
                let copy = self.workspace.copy_beside(name, &old.text)?;
                self.copied.push((name.to_owned(), copy));
            }
        }
        match new {
            Some(new) => self.workspace.write(name, new),
            None => self.workspace.remove(name),
        }
    }

    /// Names the copies that were kept.
    pub(crate) fn note(&self) -> Option<String> {
        let copies: Vec<&str> = self.copied.iter().map(|(_, copy)| copy.as_str()).collect();
        (!copies.is_empty()).then(|| format!("kept old files that git does not have: {}", copies.join(", ")))
    }

    /// Returns the command that restores every replaced file. Returns `None` if no file was replaced.
    pub(crate) fn undo(&self) -> Option<String> {
        let is_clean = self.missing_in_git.as_ref().is_some_and(Vec::is_empty);
        // Restoring the whole folder would lose edits of files that stayed.
        let restored = if is_clean {
            "spec".to_owned()
        } else {
            self.in_git.join(" ")
        };
        let restore = (!self.in_git.is_empty()).then(|| format!("git restore {restored}"));
        let copied = self.copied.iter().map(|(name, copy)| format!("mv {copy} {name}"));
        let added = self.added.iter().map(|name| format!("rm {name}"));
        let commands: Vec<String> = restore.into_iter().chain(copied).chain(added).collect();
        (!commands.is_empty()).then(|| commands.join(" && "))
    }
}
