//! `getUserInfo`: what VALid says about the person behind a token.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{AssuranceText, Behaviour, IdentifierType, Shared, UserInfo};
use crate::loopback::Parameters;
use crate::person::{Method, Person};

pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Parameters::parse(&query.unwrap_or_default());
    let given = query
        .as_ref()
        .ok()
        .and_then(|query| query.of("AccessToken"))
        .unwrap_or_default();
    let (token, behaviour) = {
        let state = shared.state();
        (state.tokens.get(given).cloned(), state.behaviour.clone())
    };
    let person = token
        .filter(|token| shared.clock.seconds() < token.expires)
        .and_then(|token| shared.person(&token.person));
    match person {
        Some(person) => behave(person, &behaviour).await,
        None => ko(StatusCode::OK, "INVALID_TOKEN"),
    }
}

async fn behave(person: &Person, behaviour: &Behaviour) -> Response {
    let good = members(person, behaviour);
    match behaviour.user_info {
        UserInfo::AsDocumented => Json(good).into_response(),
        UserInfo::Ko(status) => ko(code(status), "SERVICE_ERROR"),
        UserInfo::HtmlError(status) => (
            code(status),
            Html("<html><body>Service unavailable</body></html>"),
        )
            .into_response(),
        UserInfo::Oversize(bytes) => {
            let text = good.to_string();
            json_text(format!(
                "{}{}}}",
                &text[..text.len() - 1],
                " ".repeat(bytes)
            ))
        }
        UserInfo::Slow(delay) => {
            tokio::time::sleep(delay).await;
            Json(good).into_response()
        }
        UserInfo::Truncated => {
            let text = good.to_string();
            json_text(text.chars().take(text.chars().count() / 2).collect())
        }
    }
}

fn members(person: &Person, behaviour: &Behaviour) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("status", json!("ok"));
    put("identifier", json!(person.document));
    put("name", json!(person.given_name.to_uppercase()));
    put("surnames", json!(person.surnames().to_uppercase()));
    put("surname1", json!(person.surname1.to_uppercase()));
    if let Some(surname2) = person
        .surname2
        .as_ref()
        .filter(|_| !behaviour.omit_surname2)
    {
        put("surname2", json!(surname2.to_uppercase()));
    }
    put("countryCode", json!(person.country));
    put("method", json!(person.method.as_str()));
    match &behaviour.assurance {
        AssuranceText::AsPerson => put("assuranceLevel", json!(person.assurance.to_string())),
        AssuranceText::Text(text) => put("assuranceLevel", json!(text)),
        AssuranceText::Absent => None,
    };
    match person.method {
        // only idCAT Mòbil tells the type of the document, and a phone
        Method::IdcatMobil => {
            let code = person.document_type.valid_code();
            match behaviour.identifier_type {
                IdentifierType::Text => put("identifierType", json!(code.to_string())),
                IdentifierType::Integer => put("identifierType", json!(code)),
                IdentifierType::DocumentTypeAlias => put("documentType", json!(code.to_string())),
                IdentifierType::Absent => None,
            };
            put("prefix", json!("0034"));
            put("phone", json!("600000000"));
        }
        Method::Certificate(kind) => {
            put("certificateType", json!(kind));
            put("userCertificate", json!("MIIBszCCAVmgAwIBAgIUAAAA"));
            if matches!(kind, 1 | 11 | 12) {
                put("companyId", json!("Q0000000J"));
                put("companyName", json!("ENTITAT DE PROVA"));
            }
        }
        Method::Clave => {}
    }
    Value::Object(members)
}

fn ko(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({"status": "ko", "error": error}))).into_response()
}

fn json_text(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
