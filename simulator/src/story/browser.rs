//! A browser without scripts: cookies, redirects one at a time, and the forms of a page.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Method, Url};

use crate::ambient::{http_client, send};

/// Why a page could not be had.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    #[error("no answer from {0}")]
    NoAnswer(String, #[source] reqwest::Error),
    /// More redirects than any browser follows.
    #[error("the redirects do not end")]
    Loop,
    #[error("an address cannot be read: {0}")]
    Address(String),
}

/// What the browser shows.
#[derive(Clone, Debug)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Page {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where a redirect leads.
    pub fn leads_to(&self) -> Option<Url> {
        let to = self.headers.get(LOCATION)?.to_str().ok()?;
        self.url
            .join(to)
            .ok()
            .filter(|_| (300..400).contains(&self.status))
    }

    /// The first form whose address ends like this.
    pub fn form(&self, action: &str) -> Option<Form> {
        forms(&self.body)
            .into_iter()
            .find(|form| form.action.ends_with(action))
    }

    /// One parameter of this page's own address.
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.url, name)
    }
}

/// One parameter of an address.
pub(super) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// A form of a page.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Form {
    pub action: String,
    pub is_post: bool,
    /// Inputs with a name, and the values they came with; buttons are not among them.
    pub fields: Vec<(String, String)>,
}

/// Cookies, per host as browsers keep them, and the pages they open.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    jar: BTreeMap<(String, String), String>,
}

impl Browser {
    pub fn new() -> Result<Self, BrowserError> {
        let http = http_client();
        let http = http.map_err(|error| BrowserError::NoAnswer("anything".to_owned(), error))?;
        Ok(Self {
            http,
            jar: BTreeMap::new(),
        })
    }

    /// Opens an address and shows what came, redirects included.
    pub async fn open(&mut self, url: &str) -> Result<Page, BrowserError> {
        let url = Url::parse(url).map_err(|_| BrowserError::Address(url.to_owned()))?;
        self.request(Method::GET, url, None).await
    }

    /// Sends a form of `page` with some fields changed or a button pressed.
    pub async fn submit(
        &mut self,
        page: &Page,
        form: &Form,
        fields: &[(&str, &str)],
    ) -> Result<Page, BrowserError> {
        let address = || BrowserError::Address(form.action.clone());
        let mut url = page.url.join(&form.action).map_err(|_| address())?;
        let mut all: Vec<(String, String)> = form.fields.clone();
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        if form.is_post {
            return self
                .request(Method::POST, url, Some((all, page.url.clone())))
                .await;
        }
        url.query_pairs_mut().clear().extend_pairs(all);
        self.request(Method::GET, url, None).await
    }

    /// Follows redirects until a page stands still.
    pub async fn follow(&mut self, mut page: Page) -> Result<Page, BrowserError> {
        for _ in 0..10 {
            match page.leads_to() {
                Some(next) => page = self.request(Method::GET, next, None).await?,
                None => return Ok(page),
            }
        }
        Err(BrowserError::Loop)
    }

    async fn request(
        &mut self,
        method: Method,
        url: Url,
        form: Option<(Vec<(String, String)>, Url)>,
    ) -> Result<Page, BrowserError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut request = self
            .http
            .request(method, url.clone())
            .header("Accept", "text/html")
            .header("Accept-Language", "ca");
        let cookies: Vec<String> = self
            .jar
            .iter()
            .filter(|((known, _), _)| *known == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some((fields, from)) = form {
            let site = if from.origin() == url.origin() {
                "same-origin"
            } else {
                "cross-site"
            };
            request = request
                .header(ORIGIN, from.origin().ascii_serialization())
                .header("Sec-Fetch-Site", site)
                .form(&fields);
        }
        let failed = |error| BrowserError::NoAnswer(url.path().to_owned(), error);
        let response = send(request).await.map_err(failed)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for line in headers.get_all(SET_COOKIE) {
            self.keep(&host, line.to_str().unwrap_or_default());
        }
        let failed = |error| BrowserError::NoAnswer(url.path().to_owned(), error);
        let body = response.text().await.map_err(failed)?;
        Ok(Page {
            url,
            status,
            headers,
            body,
        })
    }

    /// Keeps or drops one cookie. `Secure` does not matter: loopback counts as trustworthy.
    fn keep(&mut self, host: &str, line: &str) {
        let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('='))
        else {
            return;
        };
        let key = (host.to_owned(), name.trim().to_owned());
        let gone = line
            .to_ascii_lowercase()
            .replace(' ', "")
            .contains(";max-age=0");
        if gone || value.is_empty() {
            self.jar.remove(&key);
        } else {
            self.jar.insert(key, value.to_owned());
        }
    }
}

/// The forms of a page of ours: well-formed tags, quoted attributes.
pub fn forms(html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut inside = false;
    for tag in html.split('<').skip(1) {
        let tag = tag
            .split('>')
            .next()
            .unwrap_or_default()
            .replace(char::is_whitespace, " ");
        let tag = tag.as_str();
        let name = tag.split(' ').next().unwrap_or_default();
        match name {
            "form" => {
                inside = true;
                let is_post =
                    attribute(tag, "method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
                let action = attribute(tag, "action").unwrap_or_default();
                forms.push(Form {
                    action,
                    is_post,
                    fields: Vec::new(),
                });
            }
            "/form" => inside = false,
            "input" if inside => {
                // what is not ticked is not sent
                let kind = attribute(tag, "type").unwrap_or_default();
                let unticked = matches!(kind.as_str(), "checkbox" | "radio")
                    && !tag
                        .split_whitespace()
                        .any(|part| part.starts_with("checked"));
                if let (Some(form), Some(name), false) =
                    (forms.last_mut(), attribute(tag, "name"), unticked)
                {
                    form.fields
                        .push((name, attribute(tag, "value").unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    forms
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag
        .find(&format!(" {name}=\""))
        .map(|at| at + name.len() + 3)?;
    let value = tag.get(start..)?.split('"').next()?;
    let entities = [
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
    ];
    let plain = entities
        .iter()
        .fold(value.to_owned(), |text, (from, to)| text.replace(from, to));
    Some(plain.replace("&#38;", "&").replace("&amp;", "&"))
}
