//! `/household/{token}`: an invitation, as whoever holds the link sees it.
//!
//! The page does not look the invitation up: it is the same for one that is good, used, expired, or made up.

use askama::Template;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;

use super::super::html::{Shell, page};
use super::super::trouble::Trouble;
use super::super::visit::{Member, Sent, Visit};
use super::entry;
use crate::household::Token;
use crate::identity::{Offer, ReturnTo};

#[derive(Template)]
#[template(path = "household.html")]
struct InvitationPage {
    shell: Shell,
    providers: Vec<Offer>,
    /// This very address, where the log-in leads back to.
    here: String,
    /// Not in the address of the form: addresses are traced.
    token: String,
}

#[derive(Template)]
#[template(path = "joined.html")]
struct JoinedPage {
    shell: Shell,
}

/// Before the log-in, nothing but that there is a link; after it, what joining means.
pub(in super::super) async fn show(
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    // What no token looks like leads to one that nobody made.
    let here: Result<ReturnTo, _> = format!("/household/{token}").parse();
    let here = here.map_or_else(|_| "/household/-".to_owned(), String::from);
    let mut response = page(&InvitationPage {
        shell: visit.shell(),
        providers: visit.app.logins.offers(visit.language),
        here,
        token,
    })?;
    if visit.session.is_none() {
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            entry::policy(&visit.app.public_url),
        );
    }
    Ok(response)
}

/// Joins.
pub(in super::super) async fn join(sent: Sent) -> Result<Response, Trouble> {
    let token: Option<Token> = sent.fields.get("invitation").parse().ok();
    let birth_date = match sent.fields.get("birth_date") {
        "" => None,
        text => Some(text.parse::<Date>().map_err(|_| Trouble::Malformed)?),
    };
    let member = &sent.member;
    let households = &member.app().households;
    households
        .join(member.citizen(), token.as_ref(), birth_date)
        .await?;
    Ok(Redirect::to("/household/joined").into_response())
}

/// That it is done. Says nothing about the household.
pub(in super::super) async fn joined(member: Member) -> Result<Response, Trouble> {
    page(&JoinedPage {
        shell: member.visit.shell(),
    })
}
