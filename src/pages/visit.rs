//! Who visits: which body's pages, in which language, logged in or not.

use std::collections::BTreeMap;

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use super::html::Shell;
use super::trouble::Trouble;
use crate::api::app::App;
use crate::citizen::{BodyId, Language, PurposeId};
use crate::consent::{Beneficiaries, Consenter};
use crate::identity::{Citizen, ReturnTo, Session};

/// The cookie that keeps a reader's language, and nothing else.
const LANGUAGE_COOKIE: &str = "lang";

/// A request to the pages, logged in or not.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) app: App,
    pub(super) body: BodyId,
    pub(super) language: Language,
    pub(super) session: Option<Session>,
}

/// A request of somebody who is logged in at this body's pages.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) visit: Visit,
    pub(super) session: Session,
}

/// A form of a page we made for this session.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) member: Member,
    pub(super) fields: Fields,
}

/// The fields of a form; the first of each name.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Visit {
    /// Recognises body, language and session.
    pub(super) async fn new(app: &App, uri: &Uri, headers: &HeaderMap) -> Result<Self, Trouble> {
        let body = body(app, headers).ok_or(Trouble::NotFound)?;
        let session = app.sessions.find(headers).await?;
        if let Some(session) = &session {
            let counted = app.rates.citizen(session.citizen(), app.world.now()).await;
            counted.map_err(|_| Trouble::TooMany)?;
        }
        Ok(Self {
            app: app.clone(),
            language: language(uri, headers),
            // Logged in at another body's pages is not logged in here.
            session: session.filter(|session| *session.citizen().body() == body),
            body,
        })
    }

    /// The body's name on letters.
    pub(super) fn body_name(&self) -> String {
        self.app.bodies.get(&self.body).map_or_else(
            || self.body.to_string(),
            |body| body.requester.name.as_str().to_owned(),
        )
    }

    /// The frame of a page.
    pub(super) fn shell(&self) -> Shell {
        Shell::new(
            self.language,
            self.body_name(),
            self.session
                .as_ref()
                .map(|session| session.csrf().as_str().to_owned()),
        )
    }

    /// What these pages ask data for. There is one purpose for a person alone.
    pub(super) fn purpose(&self) -> Result<PurposeId, Trouble> {
        let mut purposes = self.app.terms.purposes.iter();
        purposes
            .find(|purpose| purpose.beneficiary == Beneficiaries::Person)
            .map(|purpose| purpose.id.clone())
            .ok_or(Trouble::NotFound)
    }
}

impl Member {
    pub(super) fn app(&self) -> &App {
        &self.visit.app
    }

    pub(super) fn citizen(&self) -> &Citizen {
        self.session.citizen()
    }

    /// The person as the ledger records who decides.
    pub(super) fn consenter(&self) -> Consenter {
        self.app().consenter(self.citizen())
    }

    pub(super) fn language(&self) -> Language {
        self.visit.language
    }
}

impl Fields {
    /// What was sent under that name; empty when nothing was.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            fields.entry(name).or_insert(value);
        }
        Self(fields)
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Trouble> {
        Self::new(app, &parts.uri, &parts.headers).await
    }
}

impl FromRequestParts<App> for Member {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Trouble> {
        let visit = Visit::from_request_parts(parts, app).await?;
        match visit.session.clone() {
            Some(session) => Ok(Self { visit, session }),
            None => Err(Trouble::LoggedOut(way_back(parts))),
        }
    }
}

impl FromRequest<App> for Sent {
    type Rejection = Trouble;

    async fn from_request(request: Request, app: &App) -> Result<Self, Trouble> {
        let (mut parts, body) = request.into_parts();
        let member = Member::from_request_parts(&mut parts, app).await?;
        let request = Request::from_parts(parts, body);
        let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, app)
            .await
            .map_err(|_| Trouble::Malformed)?;
        let fields: Fields = pairs.into_iter().collect();
        if !member.session.csrf().matches(fields.get("csrf")) {
            return Err(Trouble::Forged);
        }
        Ok(Self { member, fields })
    }
}

/// Keeps the language a link asked for.
pub(super) async fn remember_language(request: Request, next: Next) -> Response {
    let asked = asked_language(request.uri());
    let mut response = next.run(request).await;
    if let Some(language) = asked {
        let cookie = format!("{LANGUAGE_COOKIE}={language}; Path=/; HttpOnly; SameSite=Lax");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// The language asked for, else the one kept, else the browser's, else Catalan.
pub(super) fn language(uri: &Uri, headers: &HeaderMap) -> Language {
    asked_language(uri)
        .or_else(|| kept_language(headers))
        .or_else(|| browser_language(headers))
        .unwrap_or(Language::Ca)
}

/// Which body's pages the host name shows; of a gateway with one body, always that one's.
pub(super) fn body(app: &App, headers: &HeaderMap) -> Option<BodyId> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let host = host.to_ascii_lowercase();
    let name = host.rsplit_once(':').map_or(&*host, |(name, _)| name);
    let known = app.hosts.get(&host).or_else(|| app.hosts.get(name));
    known
        .cloned()
        .or_else(|| Some(app.bodies.only()?.id.clone()))
}

/// Where to go after logging in: the page asked for, unless it was a form.
fn way_back(parts: &Parts) -> ReturnTo {
    if parts.method != Method::GET {
        return ReturnTo::default();
    }
    let asked = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    asked.parse().unwrap_or_default()
}

fn asked_language(uri: &Uri) -> Option<Language> {
    url::form_urlencoded::parse(uri.query()?.as_bytes())
        .find(|(name, _)| name == "lang")
        .and_then(|(_, value)| value.parse().ok())
}

fn kept_language(headers: &HeaderMap) -> Option<Language> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == LANGUAGE_COOKIE)
        .and_then(|(_, value)| value.parse().ok())
}

/// The first of `Accept-Language` that the pages speak. Weights are in order in practice.
fn browser_language(headers: &HeaderMap) -> Option<Language> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    accepted
        .split(',')
        .filter_map(|entry| entry.trim().split([';', '-']).next())
        .find_map(|tag| tag.to_ascii_lowercase().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn a_link_outweighs_the_cookie_and_the_cookie_the_browser() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let all = headers(&[
            (header::COOKIE, "session=x; lang=es"),
            (header::ACCEPT_LANGUAGE, "fr-FR,en-GB;q=0.8,ca;q=0.5"),
        ]);
        assert_eq!(language(&uri("/?lang=oc"), &all), Language::Oc);
        assert_eq!(language(&uri("/?lang=xx"), &all), Language::Es);
        let browser = headers(&[(header::ACCEPT_LANGUAGE, "fr-FR,en-GB;q=0.8,ca;q=0.5")]);
        assert_eq!(language(&uri("/"), &browser), Language::En);
        assert_eq!(language(&uri("/"), &HeaderMap::new()), Language::Ca);
    }

    #[test]
    fn of_a_field_sent_twice_the_first_counts() {
        let pair = |value: &str| ("served".to_owned(), value.to_owned());
        let fields: Fields = [pair("a"), pair("b")].into_iter().collect();
        assert_eq!(fields.get("served"), "a");
        assert_eq!(fields.get("other"), "");
    }
}
