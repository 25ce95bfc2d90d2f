//! What a citizen lives through, from the first look to the last withdrawal.

mod deciding;
mod fetching;
mod records;
mod stopping;
