//! Signs with SHA-1.
