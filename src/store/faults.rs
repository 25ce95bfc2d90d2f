//! Calls that fail when a test says so: before they are carried out, or after.

use std::cell::Cell;
use std::future::Future;
use std::io;

use super::StoreError;

/// How a call fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// Nothing was carried out.
    Lost,
    /// It was carried out, and the answer did not arrive.
    Persisted,
}

thread_local! {
    /// How many calls until one fails, and how. Tests run on one thread each.
    static NEXT: Cell<Option<(usize, Fault)>> = const { Cell::new(None) };
}

/// Lets the `n`-th call from now fail, counting from 0; gives what `work` gives, and whether it met
/// the fault.
pub(crate) async fn failing<T>(n: usize, fault: Fault, work: impl Future<Output = T>) -> (T, bool) {
    NEXT.set(Some((n, fault)));
    let done = work.await;
    (done, NEXT.take().is_none())
}

/// A call to the database.
pub(super) fn attempt<T>(
    call: impl Future<Output = Result<T, StoreError>>,
) -> impl Future<Output = Result<T, StoreError>> {
    around(call, || StoreError::Unavailable(sqlx::Error::Io(broken())))
}

/// A call to the file system.
pub(crate) fn around_file<T>(
    call: impl Future<Output = io::Result<T>>,
) -> impl Future<Output = io::Result<T>> {
    around(call, broken)
}

fn around<T, E>(
    call: impl Future<Output = Result<T, E>>,
    error: impl Fn() -> E,
) -> impl Future<Output = Result<T, E>> {
    let call = Box::pin(call); // a future that holds another one twice is a large one
    async move {
        match struck() {
            None => call.await,
            Some(Fault::Lost) => Err(error()),
            Some(Fault::Persisted) => {
                call.await?;
                Err(error())
            }
        }
    }
}

/// Counts a call; says whether it is the one that fails.
fn struck() -> Option<Fault> {
    let (n, fault) = NEXT.take()?;
    if n == 0 {
        return Some(fault);
    }
    NEXT.set(Some((n - 1, fault)));
    None
}

fn broken() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}
