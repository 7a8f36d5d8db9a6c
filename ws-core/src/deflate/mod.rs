//! deflate.
