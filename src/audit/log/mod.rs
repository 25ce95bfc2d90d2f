//! The formats of the log, without input or output: RFC 6962 trees in C2SP tiles, signed notes,
//! checkpoints and proofs.

pub mod checkpoint;
pub mod leaf;
pub mod proof;
pub mod tile;
