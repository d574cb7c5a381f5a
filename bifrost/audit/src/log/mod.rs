//! Appends entries to the log, publishes tiles, and signs checkpoints.
