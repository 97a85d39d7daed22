//! Extension traits: bulk work on assets, written once and implemented per resource in a few lines.
