//! Short tokens for registered clients, bound to a key of theirs.
//!
//! A client proves who it is with a signed assertion (RFC 7523) and, for a citizen, presents its
//! own signed statement about them (RFC 8693). It gets an access token (RFC 9068) of five minutes
//! that works only with proofs of one key (RFC 9449). There is no other way in for programs.

mod assertion;
mod dpop;
mod form;
mod grant;
mod metadata;

use http::{HeaderMap, Method, header};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use self::assertion::{Assertion, Vouched};
use self::dpop::Proof;
use self::form::{ACCESS_TOKEN, Form, Grant};
use self::grant::AccessGrant;
use super::citizen::{Auditor, Caller, Channel, Citizen, Login, Scopes};
use super::clients::{Client, Clients, Role};
use super::error::{AccessError, TokenError, Unavailable};
use super::jwt::{self, Claims, Expected, Signer, VerifyingKeys};
use super::once::{self, Kind, Use};
use super::rates::Rates;
use super::secret::{self, PairwiseKey};
use super::subjects::Subjects;
use crate::citizen::{BodyId, ClientId, SubjectId};
use crate::clock::World;
use crate::store::cache::{Cache, FirstUse};
use crate::store::{Db, Tx};

pub use dpop::DpopDefect;

/// How long an access token lives.
const LIFE: SignedDuration = SignedDuration::from_secs(300);

/// Issues and checks access tokens.
#[derive(Debug)]
pub struct Tokens {
    pub(super) cache: Cache,
    pub(super) db: Db,
    pub(super) subjects: Subjects,
    pub(super) clients: Clients,
    pub(super) signer: Signer,
    pub(super) own_keys: VerifyingKeys,
    pub(super) pairwise: PairwiseKey,
    pub(super) rates: Rates,
    pub(super) site: Site,
    pub(super) world: World,
}

/// What this service is called from outside.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Issuer and audience: the public URL without a slash at its end.
    pub(super) name: String,
    pub(super) url: Url,
}

impl Site {
    pub(super) fn new(public_url: &Url) -> Self {
        Self {
            name: public_url.as_str().trim_end_matches('/').to_owned(),
            url: public_url.clone(),
        }
    }

    /// The address of a path of ours, as others see it.
    pub(super) fn address(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

/// The answer of the token endpoint (RFC 6749 section 5.1). Never to be cached.
#[derive(Serialize)]
pub struct TokenResponse {
    /// The token.
    pub access_token: String,
    /// Only for token exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// `DPoP`.
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    /// What it allows.
    pub scope: String,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenResponse({})", self.scope)
    }
}

impl Tokens {
    /// Path of the token endpoint.
    pub const ENDPOINT: &'static str = "/oauth2/token";

    /// The token endpoint: `POST`, a form, and one `DPoP` header.
    ///
    /// Whatever may be used once is recorded with the token in one transaction: of two requests
    /// with the same assertion one succeeds, and a failed one uses nothing up.
    pub async fn token(
        &self,
        headers: &HeaderMap,
        form: &[u8],
    ) -> Result<TokenResponse, TokenError> {
        let form = Form::parse(form)?;
        let now = self.world.now();
        let (client, assertion) = assertion::client(&self.clients, &form, &self.site.name, now)?;
        // Only now: who is not that client cannot use its share up.
        let counted = self.rates.client(&client.id, now).await;
        counted.map_err(TokenError::TooMany)?;
        let proof = dpop::check(
            headers,
            &Method::POST,
            &self.site.address(Self::ENDPOINT),
            None,
            now,
        )?;
        let scopes = requested(&form, client)?;
        let vouched = match (&form.grant, &client.role) {
            (Grant::ClientCredentials, Role::Auditor) => None,
            (Grant::TokenExchange { subject_token }, Role::Folder { body }) => {
                let vouched = assertion::subject(subject_token, client, &self.site.name, now)?;
                Some((vouched, body))
            }
            _ => return Err(TokenError::UnauthorizedClient),
        };
        let token_id = secret::token(&*self.world.entropy);
        let grant = AccessGrant::of(&token_id);
        let (enrolled, sealed) = match &vouched {
            None => (None, None),
            Some((vouched, _)) => {
                let enrolled = self.subjects.enrol(&self.db, &vouched.person).await?;
                let subject = enrolled.subject;
                let sealed = grant.seal(&self.subjects, subject, vouched).await?;
                (Some(enrolled), Some((subject, sealed)))
            }
        };
        let response = self.sign(&Issue {
            id: &token_id,
            client,
            scopes: &scopes,
            citizen: vouched
                .as_ref()
                .map(|(vouched, body)| (&vouched.login, *body)),
            subject: sealed.as_ref().map(|(subject, _)| *subject),
            key: &proof.thumbprint,
            now,
        })?;

        let mut tx = self.db.begin().await?;
        let vouched = vouched.as_ref().map(|(vouched, _)| vouched);
        spend(&mut tx, client, &assertion, &proof, vouched).await?;
        if let Some(enrolled) = enrolled {
            Subjects::write(&mut tx, enrolled, now).await?;
        }
        grant.write(&mut tx, client, sealed, now).await?;
        tx.commit().await?;
        Ok(response)
    }

    /// Lets a request in: `Authorization: DPoP <token>` and one proof for this very request.
    ///
    /// `path` is the request's path as sent, below the public URL; its query does not count.
    pub async fn authenticate(
        &self,
        headers: &HeaderMap,
        method: &Method,
        path: &str,
    ) -> Result<Caller, AccessError> {
        let token = presented(headers)?;
        let now = self.world.now();
        let claims = jwt::verify(token, &self.own_keys, &self.expected(), now)
            .map_err(|_| AccessError::InvalidToken)?;
        // Our own tokens get no grace: both clocks are ours.
        if claims.instant("exp").is_ok_and(|end| now >= end) {
            return Err(AccessError::InvalidToken);
        }
        let proof = dpop::check(headers, method, &self.site.address(path), Some(token), now)?;
        let bound = claims
            .get("cnf")
            .and_then(|cnf| cnf.get("jkt"))
            .and_then(Value::as_str);
        if bound != Some(&proof.thumbprint) {
            return Err(AccessError::InvalidToken);
        }
        self.use_up(&proof, now).await?;
        let caller = self.caller(&claims).await?;
        let counted = match &caller {
            Caller::Auditor(auditor) => self.rates.client(auditor.client(), now).await,
            Caller::Citizen(citizen) => self.rates.citizen(citizen, now).await,
        };
        counted.map_err(AccessError::TooMany)?;
        Ok(caller)
    }

    /// Uses a proof up, on every replica.
    ///
    /// The cache remembers, and refuses what was made before it began to. That misses one kind: a
    /// proof from a clock that runs ahead, used before the cache was lost, whose time has not come
    /// yet. So those are written down as well, and looked up for as long as they could come back.
    async fn use_up(&self, proof: &Proof, now: Timestamp) -> Result<(), AccessError> {
        let key = once::key(&proof.thumbprint, &proof.id);
        if proof.issued_at > now {
            let mut tx = self.db.begin().await?;
            let used = once::record(&mut tx, Kind::DpopProof, &key, proof.expires_at).await?;
            if used == Use::Again {
                return Err(DpopDefect::Replayed.into());
            }
            tx.commit().await?;
        }
        let made_at = proof.issued_at.min(now);
        let used = self
            .cache
            .first_use(&key, made_at, proof.expires_at, now)
            .await?;
        match used {
            FirstUse::First => {}
            FirstUse::Again => return Err(DpopDefect::Replayed.into()),
            FirstUse::TooOld => return Err(AccessError::Forgotten),
        }
        let young = now.duration_since(self.cache.born(now).await?) <= dpop::WINDOW + dpop::WINDOW;
        if young
            && proof.issued_at <= now
            && once::is_recorded(&self.db, Kind::DpopProof, &key).await?
        {
            return Err(DpopDefect::Replayed.into());
        }
        Ok(())
    }

    /// Ends every live token of a client, as when its keys are lost. Gives how many.
    pub async fn revoke(&self, client: &ClientId) -> Result<u64, Unavailable> {
        let now = self.world.now();
        let mut tx = self.db.begin().await?;
        let ended = AccessGrant::revoke(&mut tx, client, now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Forgets identifiers whose assertions and proofs no clock accepts any more.
    pub async fn sweep(&self) -> Result<u64, Unavailable> {
        Ok(once::sweep(&self.db, self.world.now()).await?)
    }

    /// The public key others verify tokens with.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Who a verified token of ours stands for, today: the client may have lost scopes since.
    async fn caller(&self, claims: &Claims) -> Result<Caller, AccessError> {
        let refused = |_| AccessError::InvalidToken;
        let grant = AccessGrant::of(claims.text("jti").map_err(refused)?);
        let granted = grant.read(&self.db, &self.subjects).await?;
        let granted = granted.ok_or(AccessError::InvalidToken)?;
        let client = self
            .clients
            .named(granted.client.as_str())
            .filter(|client| claims.text("client_id") == Ok(client.id.as_str()))
            .ok_or(AccessError::InvalidToken)?;
        let scopes: Scopes = claims
            .text("scope")
            .map_err(refused)?
            .parse()
            .map_err(|_| AccessError::InvalidToken)?;
        if !scopes.within(&client.scopes) {
            return Err(AccessError::InvalidToken);
        }
        match (&client.role, granted.subject) {
            (Role::Auditor, None) => Ok(Caller::Auditor(Auditor {
                client: client.id.clone(),
                scopes,
            })),
            (Role::Folder { body }, Some((subject, login))) => {
                let person = self.subjects.person(&self.db, subject).await?;
                Ok(Caller::Citizen(Box::new(Citizen {
                    subject,
                    person: person.ok_or(AccessError::InvalidToken)?,
                    login,
                    body: body.clone(),
                    channel: Channel::Client(client.id.clone()),
                    scopes,
                    may_grant: client.may_grant,
                    login_ref: grant.reference(),
                })))
            }
            _ => Err(AccessError::InvalidToken),
        }
    }

    /// Signs an access token (RFC 9068 section 2.2).
    fn sign(&self, issue: &Issue<'_>) -> Result<TokenResponse, TokenError> {
        let client = issue.client;
        let subject = match issue.subject {
            Some(subject) => self.pairwise.subject_at(&client.id, subject),
            None => client.id.as_str().to_owned(),
        };
        let mut claims = json!({
            "iss": self.site.name,
            "aud": self.site.name,
            "sub": subject,
            "client_id": client.id,
            "jti": issue.id,
            "iat": issue.now.as_second(),
            "exp": (issue.now + LIFE).as_second(),
            "scope": issue.scopes.to_string(),
            "cnf": { "jkt": issue.key },
        });
        if let Some((login, body)) = issue.citizen {
            claims["act"] = json!({ "sub": client.id });
            claims["auth_time"] = login.authenticated_at.as_second().into();
            claims["body"] = json!(body);
            if let Some(acr) = login.level.acr() {
                claims["acr"] = acr.into();
            }
        }
        let claims = claims.as_object().ok_or(Unavailable::Record)?;
        Ok(TokenResponse {
            access_token: self
                .signer
                .sign("at+jwt", claims)
                .map_err(Unavailable::Signing)?,
            issued_token_type: issue.citizen.map(|_| ACCESS_TOKEN),
            token_type: "DPoP",
            expires_in: LIFE.as_secs(),
            scope: issue.scopes.to_string(),
        })
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            typ: "at+jwt",
            typ_required: true,
            issuer: &self.site.name,
            audience: &self.site.name,
            longest_life: LIFE,
        }
    }
}

/// What an access token is made of.
struct Issue<'a> {
    id: &'a str,
    client: &'a Client,
    scopes: &'a Scopes,
    citizen: Option<(&'a Login, &'a BodyId)>,
    subject: Option<SubjectId>,
    /// Thumbprint of the key it is bound to.
    key: &'a str,
    now: Timestamp,
}

/// Uses up what may be used once, in the transaction that issues the token.
async fn spend(
    tx: &mut Tx,
    client: &Client,
    assertion: &Assertion,
    proof: &Proof,
    vouched: Option<&Vouched>,
) -> Result<(), TokenError> {
    let issuer = client.id.as_str();
    let (key, end) = (once::key(issuer, &assertion.id), assertion.expires_at);
    if once::record(tx, Kind::ClientAssertion, &key, end).await? == Use::Again {
        return Err(TokenError::InvalidClient("the assertion was used before"));
    }
    let (key, end) = (once::key(&proof.thumbprint, &proof.id), proof.expires_at);
    if once::record(tx, Kind::DpopProof, &key, end).await? == Use::Again {
        return Err(DpopDefect::Replayed.into());
    }
    let Some(vouched) = vouched else {
        return Ok(());
    };
    let (key, end) = (once::key(issuer, &vouched.id), vouched.expires_at);
    if once::record(tx, Kind::SubjectToken, &key, end).await? == Use::Again {
        let again = "the subject token was used before";
        return Err(TokenError::InvalidRequest(again));
    }
    Ok(())
}

/// The scopes asked for, if the client is registered for every one of them.
fn requested(form: &Form, client: &Client) -> Result<Scopes, TokenError> {
    let scopes: Scopes = form.scope.parse().map_err(|_| TokenError::InvalidScope)?;
    if scopes.is_empty() || !scopes.within(&client.scopes) {
        return Err(TokenError::InvalidScope);
    }
    Ok(scopes)
}

/// The token of a request: in the one header, once, with the one scheme.
///
/// A bound token under `Bearer` is a token somebody took without its key (RFC 9449 section 7.2).
fn presented(headers: &HeaderMap) -> Result<&str, AccessError> {
    let mut found = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (found.next(), found.next()) {
        (None, _) => return Err(AccessError::Missing),
        (Some(value), None) => value.to_str().map_err(|_| AccessError::InvalidToken)?,
        (Some(_), Some(_)) => return Err(AccessError::InvalidToken),
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("dpop") => Ok(token.trim()),
        _ => Err(AccessError::InvalidToken),
    }
}
