//! `/`: start, or, once logged in, what there is to do.

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;

use super::super::POLICY;
use super::super::html::{Shell, page};
use super::super::trouble::Trouble;
use super::super::view::choice::{SourceChoice, choices};
use super::super::visit::{Member, Visit};
use crate::identity::{Offer, ReturnTo};

#[derive(Debug, Deserialize)]
pub(in super::super) struct Next {
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    shell: Shell,
    providers: Vec<Offer>,
    return_to: String,
    /// Whether another page sent the person here.
    sent_here: bool,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    granted: Vec<SourceChoice>,
}

pub(in super::super) async fn show(
    visit: Visit,
    Query(query): Query<Next>,
) -> Result<Response, Trouble> {
    match visit.session.clone() {
        Some(session) => home(&Member { visit, session }).await,
        None => entry(&visit, query.next.as_deref()),
    }
}

fn entry(visit: &Visit, next: Option<&str>) -> Result<Response, Trouble> {
    let asked: Option<ReturnTo> = next.and_then(|path| path.parse().ok());
    let mut base = "/?".to_owned();
    if let Some(path) = &asked {
        base.extend(["next="]);
        base.extend(url::form_urlencoded::byte_serialize(
            path.as_str().as_bytes(),
        ));
        base.push('&');
    }
    let mut response = page(&EntryPage {
        shell: visit.shell().languages_at(&base),
        providers: visit.app.logins.offers(visit.language),
        sent_here: asked.is_some(),
        return_to: asked.map_or_else(|| "/notice".to_owned(), String::from),
    })?;
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        policy(&visit.app.public_url),
    );
    Ok(response)
}

/// As elsewhere, but the log-in's form may end up at a provider, which sends the browser on to
/// others it works with. Browsers hold every redirect after a form against `form-action`, and who
/// the others are is not ours to know. No field of this page tells anything about anybody.
pub(super) fn policy(public_url: &url::Url) -> HeaderValue {
    let anywhere = if public_url.scheme() == "https" {
        "form-action 'self' https:"
    } else {
        "form-action 'self' https: http:"
    };
    HeaderValue::try_from(POLICY.replace("form-action 'self'", anywhere))
        .unwrap_or(HeaderValue::from_static(POLICY))
}

async fn home(member: &Member) -> Result<Response, Trouble> {
    let (app, citizen) = (member.app(), member.citizen());
    let purpose = member.visit.purpose()?;
    let (_, items) = app
        .ledger
        .items(citizen.subject(), citizen.body(), &purpose)
        .await?;
    let mut granted = choices(&items, &app.catalogue, member.language());
    granted.retain(|choice| choice.withdrawable);
    page(&HomePage {
        shell: member.visit.shell(),
        granted,
    })
}
