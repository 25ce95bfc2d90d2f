//! Small HTTP servers on loopback, and the plain page on which a double asks who logs in.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::person::Person;

/// A bound port, before there is anything to serve on it: issuers are named after their address.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Binds `127.0.0.1`; port 0 is any free one.
    pub async fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// `http://127.0.0.1:<port>`, without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn serve(self, router: Router) -> Server {
        let listener = self.listener;
        let task = tokio::spawn(async move {
            // `axum::serve` retries accept errors itself and ends only when its task is dropped
            let _ended = axum::serve(listener, router).await;
        });
        Server { task }
    }
}

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Server {
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Parameters of a query or a form, where no name may come twice.
#[derive(Debug)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub fn parse(encoded: &str) -> Result<Self, String> {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(encoded.as_bytes())
            .into_owned()
            .collect();
        for (at, (name, _)) in pairs.iter().enumerate() {
            if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(format!("parameter `{name}` comes twice"));
            }
        }
        Ok(Self(pairs))
    }

    pub fn of(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

/// The value of a request cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Sends the browser on, never to be cached.
pub fn redirect(to: &str) -> Response {
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::FOUND, headers).into_response()
}

/// A redirect to `base` with these parameters added.
pub fn redirect_with(base: &str, parameters: &[(&str, &str)]) -> Response {
    let encoded = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let joint = if base.contains('?') { '&' } else { '?' };
    redirect(&format!("{base}{joint}{encoded}"))
}

/// A page that says what the caller did wrong.
pub fn mistake(what: &str) -> Response {
    let body = page("Request refused", &format!("<p>{}</p>", escape(what)));
    (StatusCode::BAD_REQUEST, Html(body)).into_response()
}

/// The page where a visitor says who they are.
///
/// Pressing a button repeats the same request with `persona=<key>`, so a script that adds the
/// parameter itself takes the very same way.
pub fn chooser(title: &str, path: &str, request: &Parameters, people: &[Person]) -> Html<String> {
    let mut form = format!("<form method=\"get\" action=\"{}\">", escape(path));
    for (name, value) in request.pairs() {
        let _infallible = write!(
            form,
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            escape(name),
            escape(value)
        );
    }
    for person in people {
        let _infallible = write!(
            form,
            "<p><button name=\"persona\" value=\"{}\">{} {}</button> {} · {} · {}</p>",
            escape(&person.key),
            escape(&person.given_name),
            escape(&person.surname1),
            escape(&person.situation),
            escape(person.method.as_str()),
            person.assurance,
        );
    }
    form.push_str("<p><button name=\"cancel\" value=\"1\">Cancel</button></p></form>");
    Html(page(title, &form))
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>body{{font:1.1rem/1.5 system-ui;max-width:42rem;margin:2rem auto;padding:0 1rem}}\
         button{{font:inherit;padding:.5rem 1rem;min-width:14rem;text-align:left}}</style></head>\
         <body><main><h1>{title}</h1><p>A stand-in for tests. Nobody here is real.</p>\
         {body}</main></body></html>",
        title = escape(title),
    )
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
