//! Finds the cycles of a directed graph: its strongly connected components with at least one edge. Uses
//! Kosaraju's algorithm without recursion.

/// Finds the cycles, which are the maximal sets of nodes that reach each other. A single node is a cycle only
/// if it has an edge to itself. The nodes of a set are sorted.
///
/// `edges` lists the successors of each node. Successors outside the graph are ignored.
pub(super) fn find(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut reversed: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (node, successors) in edges.iter().enumerate() {
        for successor in successors {
            if let Some(predecessors) = reversed.get_mut(*successor) {
                predecessors.push(node);
            }
        }
    }
    let mut is_visited = vec![false; edges.len()];
    let mut finished = Vec::with_capacity(edges.len());
    for node in 0..edges.len() {
        visit(edges, node, &mut is_visited, &mut finished);
    }
    let mut is_visited = vec![false; edges.len()];
    let mut cycles = Vec::new();
    for node in finished.into_iter().rev() {
        let mut component = Vec::new();
        visit(&reversed, node, &mut is_visited, &mut component);
        component.sort_unstable();
        let names_itself = || {
            edges
                .get(node)
                .is_some_and(|successors| successors.contains(&node))
        };
        if component.len() > 1 || component.len() == 1 && names_itself() {
            cycles.push(component);
        }
    }
    cycles
}

/// Visits `start` and the unvisited nodes that it reaches, and appends these nodes to `finished` in
/// postorder: each node follows the nodes that were visited from it.
fn visit(edges: &[Vec<usize>], start: usize, is_visited: &mut [bool], finished: &mut Vec<usize>) {
    let mut enter = |node: usize| match is_visited.get_mut(node) {
        Some(is_visited) if !*is_visited => {
            *is_visited = true;
            true
        }
        _ => false,
    };
    if !enter(start) {
        return;
    }
    // The path from `start` to the current node. Each node has the number of its successors that were already
    // examined.
    let mut path = vec![(start, 0)];
    while let Some((node, next)) = path.last_mut() {
        let successor = edges.get(*node).and_then(|successors| successors.get(*next));
        if let Some(successor) = successor {
            *next += 1;
            if enter(*successor) {
                path.push((*successor, 0));
            }
        } else {
            finished.push(*node);
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the nodes that `node` reaches by at least one edge.
    fn reached(edges: &[Vec<usize>], node: usize) -> Vec<usize> {
        let mut reached: Vec<usize> = edges[node].clone();
        let mut index = 0;
        while index < reached.len() {
            for successor in &edges[reached[index]] {
                if !reached.contains(successor) {
                    reached.push(*successor);
                }
            }
            index += 1;
        }
        reached
    }

    proptest! {
        #[test]
        fn nodes_in_a_cycle_reach_each_other(
            edges in prop::collection::vec(prop::collection::vec(0_usize..8, 0..3), 8)
        ) {
            let mut found = find(&edges);
            found.sort_unstable();
            let mut expected: Vec<Vec<usize>> = (0..8)
                .filter_map(|node| {
                    let reaches = |from: usize, to: usize| reached(&edges, from).contains(&to);
                    let back = |other: &usize| reaches(node, *other) && reaches(*other, node);
                    let cycle: Vec<usize> = (0..8).filter(back).collect();
                    (cycle.first() == Some(&node)).then_some(cycle)
                })
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let mut edges: Vec<Vec<usize>> = (1..200_000).map(|next| vec![next]).collect();
        edges.push(vec![0]);
        assert_eq!(find(&edges).iter().map(Vec::len).collect::<Vec<_>>(), [200_000]);
    }
}
