//! What may be asked for, and what people read before they decide.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::extract::{Path, Query};
use super::super::problem::{Problem, ProblemBody};
use crate::citizen::{Language, PurposeId};
use crate::consent::{Block, Notice, Status};

/// The purposes of this service.
#[derive(Serialize, ToSchema)]
pub(super) struct PurposesView {
    purposes: Vec<PurposeView>,
}

/// One purpose.
#[derive(Serialize, ToSchema)]
struct PurposeView {
    /// Its name.
    purpose: String,
    /// Its title per language.
    title: std::collections::BTreeMap<String, String>,
    /// For whom the data are put together: `self` or `household`.
    beneficiary: &'static str,
    /// The products that may be asked for.
    products: Vec<String>,
    /// Least level of assurance for agreeing.
    grant_level: &'static str,
    /// Least level of assurance for fetching.
    fetch_level: &'static str,
}

/// A notice in one language.
#[derive(Serialize, ToSchema)]
pub(super) struct NoticeView {
    id: String,
    version: u32,
    language: String,
    /// `reviewed`, or `draft`: a draft cannot be agreed to.
    status: &'static str,
    /// SHA-256 of the exact text.
    digest: String,
    title: String,
    /// What is read first, at most 120 words.
    short: Vec<BlockView>,
    /// The rest, by subject.
    sections: Vec<SectionView>,
}

#[derive(Serialize, ToSchema)]
struct SectionView {
    heading: String,
    blocks: Vec<BlockView>,
}

/// A paragraph or a list, plain text.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BlockView {
    List(Vec<String>),
    Paragraph(String),
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticeQuery {
    /// `ca`, `es`, `en` or `oc`; Catalan if left out.
    #[param(value_type = Option<String>)]
    lang: Option<Language>,
}

/// The purposes of this service.
#[utoipa::path(get, path = "/v1/purposes", tag = "purposes", responses((status = 200, body = PurposesView)))]
pub(super) async fn list(State(app): State<App>) -> Json<PurposesView> {
    let purposes = app.terms.purposes.iter().map(|purpose| PurposeView {
        purpose: purpose.id.to_string(),
        title: purpose
            .title
            .iter()
            .map(|(l, t)| (l.tag().to_owned(), t.clone()))
            .collect(),
        beneficiary: purpose.beneficiary.as_str(),
        products: purpose.products.iter().map(ToString::to_string).collect(),
        grant_level: purpose.grant_level.as_str(),
        fetch_level: purpose.fetch_level.as_str(),
    });
    Json(PurposesView {
        purposes: purposes.collect(),
    })
}

/// The notice now in force, in one language.
#[utoipa::path(get, path = "/v1/purposes/{purpose}/notice", tag = "purposes",
    params(("purpose" = String, Path), NoticeQuery),
    responses((status = 200, body = NoticeView), (status = 404, body = ProblemBody)))]
pub(super) async fn notice(
    State(app): State<App>,
    Path(purpose): Path<PurposeId>,
    Query(query): Query<NoticeQuery>,
) -> Result<Json<NoticeView>, Problem> {
    let language = query.lang.unwrap_or(Language::Ca);
    let notice = app.ledger.notice(&purpose, language).await?;
    Ok(Json(notice.into()))
}

impl From<&Notice> for NoticeView {
    fn from(notice: &Notice) -> Self {
        let blocks = |blocks: &[Block]| blocks.iter().map(BlockView::from).collect::<Vec<_>>();
        Self {
            id: notice.id.clone(),
            version: notice.version,
            language: notice.language.tag().to_owned(),
            status: match notice.status {
                Status::Draft => "draft",
                Status::Reviewed => "reviewed",
            },
            digest: notice.digest.clone(),
            title: notice.text.title.clone(),
            short: blocks(&notice.text.short),
            sections: notice
                .text
                .sections
                .iter()
                .map(|section| SectionView {
                    heading: section.heading.clone(),
                    blocks: blocks(&section.blocks),
                })
                .collect(),
        }
    }
}

impl From<&Block> for BlockView {
    fn from(block: &Block) -> Self {
        match block {
            Block::List(entries) => Self::List(entries.clone()),
            Block::Paragraph(text) => Self::Paragraph(text.clone()),
        }
    }
}
