//! What a citizen lives through, from the first look to the last withdrawal.

mod deciding;
mod fetching;
mod keeping;
mod records;
mod stopping;
mod terms;
mod thrift;
