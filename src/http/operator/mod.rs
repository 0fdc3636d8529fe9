//! What operators and their machines look at. No key is asked for.

pub mod health;
