//! The operations, one file a subject, and the description they are part of (`OpenAPI` 3.1).
#![expect(
    unused_qualifications,
    reason = "the macro that describes an operation repeats its types"
)]

mod audit;
mod consents;
mod evidence;
mod exchanges;
mod export;
mod health;
mod household;
mod household_jobs;
mod jobs;
mod log;
mod me;
mod oauth;
mod problems;
mod purposes;
mod recipients;
mod register;
mod rights;
mod schemas;

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;

/// The head of the description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Interoperability gateway",
        description = "Fetches, with a citizen's consent, what the administrations already know, \
            for the social-aid recommender. Refusals are `application/problem+json` (RFC 9457).",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    modifiers(&Credentials),
    components(schemas(super::problem::ProblemBody)),
    tags(
        (name = "purposes", description = "What may be asked for, and what people read first"),
        (name = "consent", description = "What one person decided"),
        (name = "household", description = "Being looked at together with those one lives with"),
        (name = "profile", description = "Fetching, and the result"),
        (name = "exchanges", description = "Who asked what about me"),
        (name = "rights", description = "What I may ask for by right, and what came of it"),
        (name = "audit", description = "For auditors"),
        (name = "log", description = "The data-exchange log"),
        (name = "tokens", description = "How a client gets a token"),
        (name = "health", description = "For operators")
    )
)]
struct Description;

struct Credentials;

impl utoipa::Modify for Credentials {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        // OpenAPI 3.1 has no word for the scheme DPoP; this is how its tools can be told all the same.
        let scheme = ApiKey::Header(ApiKeyValue::with_description(
            "Authorization",
            "`DPoP <token>`: a five-minute token of this service, with a DPoP proof (RFC 9449)",
        ));
        description
            .components
            .get_or_insert_default()
            .add_security_scheme("dpop", SecurityScheme::ApiKey(scheme));
    }
}

/// The operations and their description.
pub fn routes(app: App) -> Router {
    let (router, description) = operations().split_for_parts();
    let docs = utoipa_swagger_ui::SwaggerUi::new("/docs").url("/v1/openapi.json", description);
    router
        .route("/.well-known/jwks.json", axum::routing::get(oauth::jwks))
        .route(
            "/.well-known/oauth-authorization-server",
            axum::routing::get(oauth::authorization_server),
        )
        .route(
            "/.well-known/oauth-protected-resource",
            axum::routing::get(oauth::protected_resource),
        )
        .route(
            crate::consent::CONTEXT_PATH,
            axum::routing::get(schemas::consent_context),
        )
        .route(
            "/schemas/consent-record.schema.json",
            axum::routing::get(schemas::consent_record),
        )
        .route("/problems/{name}", axum::routing::get(problems::explain))
        .with_state(app)
        .merge(with_own_policy(docs.into()))
}

/// The description alone, as committed in `schemas/openapi.json`.
pub fn description() -> utoipa::openapi::OpenApi {
    operations().into_openapi()
}

fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(purposes::list))
        .routes(routes!(purposes::notice))
        .routes(routes!(register::register))
        .routes(routes!(me::me))
        .routes(routes!(me::preview))
        .routes(routes!(consents::serve_notice))
        .routes(routes!(consents::list, consents::decide))
        .routes(routes!(consents::record))
        .routes(routes!(consents::revoke))
        .routes(routes!(consents::revoke_all))
        .routes(routes!(household::show, household::begin))
        .routes(routes!(household::invite))
        .routes(routes!(household::join))
        .routes(routes!(household::leave))
        .routes(routes!(household::add_child))
        .routes(routes!(household::remove_child))
        .routes(routes!(recipients::list))
        .routes(routes!(consents::receipts))
        .routes(routes!(consents::receipt))
        .routes(routes!(consents::receipt_proof))
        .routes(routes!(jobs::start))
        .routes(routes!(jobs::find))
        .routes(routes!(jobs::events))
        .routes(routes!(jobs::profile))
        .routes(routes!(household_jobs::start))
        .routes(routes!(household_jobs::find))
        .routes(routes!(household_jobs::profile))
        .routes(routes!(exchanges::list))
        .routes(routes!(exchanges::one))
        .routes(routes!(exchanges::proof))
        .routes(routes!(evidence::mine))
        .routes(routes!(export::export))
        .routes(routes!(rights::list))
        .routes(routes!(rights::requests, rights::file))
        .routes(routes!(rights::withdraw))
        .routes(routes!(audit::search))
        .routes(routes!(evidence::audited))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::key))
        .routes(routes!(log::consistency))
        .routes(routes!(log::tile))
        .routes(routes!(oauth::token))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

/// The page of the description brings its own scripts and styles, from this very binary.
fn with_own_policy(docs: Router) -> Router {
    docs.layer(tower_http::set_header::SetResponseHeaderLayer::if_not_present(
        axum::http::header::CONTENT_SECURITY_POLICY,
        axum::http::HeaderValue::from_static(
            "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ))
}
