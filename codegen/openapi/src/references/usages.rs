//! Usages: the operations that use the target of a reference, directly or through other targets.

use std::collections::BTreeSet;

use super::graph::{References, reachable};
use crate::{
    operations::{Direction, Operation, operations},
    pointer::{Pointer, PointerBuf},
};

/// User of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// An operation, by its position in the document.
    Operation {
        /// Position of the operation.
        number: usize,
        /// The message (request or response) that contains the reference; `None` if the reference is
        /// elsewhere, for example in a callback.
        direction: Option<Direction>,
    },
    /// Another target, by its number.
    Target(usize),
}

/// One use of a target: a reference to the target, or a discriminator that can select the target as a
/// subtype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The operation or the target that contains the use.
    pub user: User,
    /// Pointer to the object with the reference or the discriminator. If the user is an operation, this
    /// object is in the operation or in the parameters of its path. Otherwise, it is inside the user.
    pub from: PointerBuf,
}

/// The uses of each target: the reference graph with its edges reversed.
pub struct Usages<'r> {
    references: &'r References<'r>,
    /// The operations in the order of the document.
    pub operations: Vec<Operation<'r>>,
    /// Uses, by the number of their target.
    uses: Vec<Vec<Use>>,
}

impl<'r> Usages<'r> {
    /// Collects the uses of each target.
    pub fn new(references: &'r References<'r>) -> Self {
        let mut usages = Self {
            references,
            operations: Vec::new(),
            uses: vec![Vec::new(); references.targets.len()],
        };
        for operation in operations(references.document()) {
            usages.operation_uses(usages.operations.len(), &operation.pointer);
            usages.operations.push(operation);
        }
        for (number, target) in references.targets.iter().enumerate() {
            let user = User::Target(number);
            for reference in references.within(&target.pointer) {
                usages.add(reference.target, user, &reference.pointer);
            }
            for (_, subtype) in references.subtypes(&target.pointer) {
                usages.add(references.numbers.get(subtype).copied(), user, &target.pointer);
            }
        }
        usages
    }

    /// Adds the references in an operation, and in the parameters of its path, as uses by the operation.
    fn operation_uses(&mut self, number: usize, operation: &Pointer) {
        let item = operation.parent().unwrap_or_default();
        let shared = item.with_trailing_token("parameters");
        for (around, place) in [(operation, operation), (item, &*shared)] {
            for reference in self.references.within(place) {
                if let Some(part) = reference.pointer.strip_prefix(around) {
                    let direction = Direction::of(part);
                    let user = User::Operation { number, direction };
                    self.add(reference.target, user, &reference.pointer);
                }
            }
        }
    }

    fn add(&mut self, target: Option<usize>, user: User, from: &Pointer) {
        if let Some(uses) = target.and_then(|target| self.uses.get_mut(target)) {
            let from = from.to_buf();
            uses.push(Use { user, from });
        }
    }

    /// Returns the pointer to a target.
    pub fn target(&self, number: usize) -> Option<&'r Pointer> {
        self.references.targets.get(number).map(|target| &*target.pointer)
    }

    /// Lists the uses of a target.
    pub fn of(&self, target: usize) -> &[Use] {
        self.uses.get(target).map_or(&[], Vec::as_slice)
    }

    /// Lists the target at this place, if any, and the targets that enclose this place, innermost first.
    pub fn around(&self, pointer: &Pointer) -> impl Iterator<Item = usize> {
        let around = std::iter::successors(Some(pointer), |pointer| pointer.parent());
        around.filter_map(|place| self.references.numbers.get(place).copied())
    }

    /// Lists these targets, and all targets that use one of them directly or through other targets. Each
    /// target is listed once, the nearest first.
    pub fn users(&self, targets: impl IntoIterator<Item = usize>) -> Vec<usize> {
        reachable(targets, |target| {
            self.of(target).iter().filter_map(|used| match used.user {
                User::Target(user) => Some(user),
                User::Operation { .. } => None,
            })
        })
    }

    /// Lists the operations that refer, directly or through other targets, to the value at `pointer` or to an
    /// enclosing value. Each operation is listed once, in the order of the document.
    pub fn operations(&self, pointer: &Pointer) -> Vec<&Operation<'r>> {
        let users = self.users(self.around(pointer)).into_iter();
        let numbers = users.flat_map(|target| self.of(target));
        let numbers = numbers.filter_map(|used| match used.user {
            User::Operation { number, .. } => Some(number),
            User::Target(_) => None,
        });
        let numbers = numbers.collect::<BTreeSet<usize>>().into_iter();
        numbers.filter_map(|number| self.operations.get(number)).collect()
    }
}
