//! What the fuzz targets check. The targets are thin; tests on stable run the same checks over the corpora.

pub mod bearer;
pub mod protocol;
pub mod replay;
