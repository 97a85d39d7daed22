//! Frames. A *frame* is a pair of compared schemas, one from each document. Its *parents* are the frames that
//! directly contain it. For example, the parent of the frame of a property is the frame of the object.

use std::{
    collections::{HashMap, HashSet},
    ptr,
};

use serde_json::Value;

use funnelflux_openapi::pointer::PointerBuf;

use crate::{
    inclusion::{Pair, Schema},
    level::{Direction, Encoding},
    node::Node,
    part_names::tokens,
    site::SchemaContext,
};

/// A pair of compared schemas: one of the old document, and one of the new document.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub old: &'a Value,
    pub new: &'a Value,
    pub pointers: [PointerBuf; 2],
    pub direction: Direction,
    pub encoding: Encoding,
    /// Indices of the parents.
    pub parents: Vec<usize>,
    /// True if the pair describes a whole message, parameter or header.
    pub is_root: bool,
    /// True if the schemas are entries of an `allOf`, `anyOf` or `oneOf`. Then the other entries of that list
    /// describe the same value.
    pub is_part: bool,
}

impl<'a> Frame<'a> {
    pub(crate) fn pair(&self) -> Pair<'a> {
        Schema::pair(self.direction, [self.old, self.new])
    }

    /// Returns true if the pair describes values in requests, or values in responses. Returns false for
    /// schemas of unused components, which have no direction.
    pub(crate) fn has_direction(&self) -> bool {
        matches!(self.direction, Direction::Request | Direction::Response)
    }
}

/// All compared pairs of schemas.
#[derive(Default)]
pub(crate) struct Frames<'a> {
    pub all: Vec<Frame<'a>>,
    known: HashMap<(usize, usize, Direction, Encoding), usize>,
    /// Value of [`Frame::is_part`] for the next frame to be added.
    pub is_part: bool,
    /// Index of the frame that is being compared.
    pub current: Option<usize>,
}

impl<'a> Frames<'a> {
    /// Returns the indices of the parents of the frame at `index`.
    pub(crate) fn parents(&self, index: usize) -> &[usize] {
        self.all.get(index).map_or(&[], |frame| &frame.parents)
    }

    /// Returns the given frames, and all frames that contain them directly or indirectly.
    pub(crate) fn around(&self, mut open: Vec<usize>) -> HashSet<usize> {
        let mut around = HashSet::new();
        while let Some(index) = open.pop() {
            if around.insert(index) {
                open.extend(self.parents(index));
            }
        }
        around
    }

    /// Checks whether the frame at `index` is an alternative of a `oneOf`, or is inside one.
    pub(crate) fn is_in_one_of(&self, index: usize) -> bool {
        let is_alternative = |frame: &Frame<'_>| {
            let [_, new] = &frame.pointers;
            frame.is_part
                && tokens(new)
                    .iter()
                    .nth_back(1)
                    .is_some_and(|keyword| keyword == "oneOf")
        };
        let mut around = self.around(vec![index]).into_iter();
        around.any(|index| self.all.get(index).is_some_and(is_alternative))
    }

    /// Adds a frame as a child of the current frame, or as a root if there is no current frame. Returns the
    /// index of the frame. A frame that was added before keeps its index, and may get another parent.
    pub(crate) fn add(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) -> usize {
        let (direction, encoding) = (context.direction, context.encoding);
        let [old_key, new_key] = [old, new].map(|node| ptr::from_ref(node.value).addr());
        let known = self.known.entry((old_key, new_key, direction, encoding));
        let index = *known.or_insert_with(|| {
            self.all.push(Frame {
                old: old.value,
                new: new.value,
                pointers: [old.pointer.clone(), new.pointer.clone()],
                direction,
                encoding,
                parents: Vec::new(),
                is_root: false,
                is_part: false,
            });
            self.all.len() - 1
        });
        if let Some(frame) = self.all.get_mut(index) {
            frame.is_part |= std::mem::take(&mut self.is_part);
            match self.current {
                None => frame.is_root = true,
                Some(parent) if parent != index && !frame.parents.contains(&parent) => {
                    frame.parents.push(parent);
                }
                Some(_) => {}
            }
        }
        index
    }
}
