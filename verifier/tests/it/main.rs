//! The verifier from outside: known answers, tampering, whole trees, hostile files, the command line.

#[cfg(test)]
mod bundles;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod documentation;
#[cfg(test)]
mod issuer;
#[cfg(test)]
mod known_answers;
#[cfg(test)]
mod malformed;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod tamper;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod trees;
#[cfg(test)]
mod witnesses;
