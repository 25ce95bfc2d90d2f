//! The way out as the OpenID Connect library calls it.

use std::pin::Pin;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::identity::outbound::{Outbound, OutboundError};

/// A client whose answers are at most this long.
///
/// A type of its own, since the compiler cannot tell that the future of a closure that borrows may
/// move between threads, as every handler's must.
pub(super) struct Capped<'a> {
    pub(super) outbound: &'a Outbound,
    /// In bytes.
    pub(super) longest: usize,
}

impl<'c> AsyncHttpClient<'c> for Capped<'_> {
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.outbound.exchange(request, self.longest))
    }
}
