//! The reader: index, stories, comparisons, exports, samples and reports.
#![cfg(feature = "reader")]
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod chains;
mod exports;
mod fixture;
mod golden;
mod index;
mod report;
mod scan;
mod stories;
