//! The integration tests: one program, its modules in the order of the flow.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod cache;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod products;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod store;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod wire;
