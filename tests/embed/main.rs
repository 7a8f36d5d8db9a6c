//! The same refusals through our own listener, over hyper and in axum: compared byte for byte.

mod cases;
mod compare;
mod servers;
