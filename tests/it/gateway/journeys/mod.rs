//! What a citizen lives through, from the first look to the last withdrawal.

mod deciding;
mod evidence;
mod fetching;
mod keeping;
mod records;
mod rights;
mod stopping;
mod terms;
mod thrift;
