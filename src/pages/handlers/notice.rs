//! `/notice`: what to read before choosing. Showing it is recorded.

use askama::Template;
use axum::response::Response;

use super::super::html::{Shell, page};
use super::super::trouble::Trouble;
use super::super::visit::Member;
use crate::citizen::Language;
use crate::consent::{Block, Section, Status};

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    shell: Shell,
    title: String,
    short: Vec<Block>,
    sections: Vec<Section>,
    served: String,
    /// Languages to decide in, when this text is a draft.
    elsewhere: Vec<Language>,
    draft: bool,
}

pub(in super::super) async fn show(member: Member) -> Result<Response, Trouble> {
    let app = member.app();
    let purpose = member.visit.purpose()?;
    let served = app
        .ledger
        .serve(&member.consenter(), &purpose, member.language())
        .await?;
    let notice = served.notice;
    // Of the version that was served, whatever takes effect meanwhile.
    let reviewed = |language: &Language| {
        let other = app.terms.notices.text(&purpose, notice.version, *language);
        other.is_some_and(|other| other.status == Status::Reviewed)
    };
    let elsewhere = Language::ALL.into_iter().filter(reviewed).collect();
    page(&NoticePage {
        shell: member.visit.shell().step(1),
        title: notice.text.title,
        short: notice.text.short,
        sections: notice.text.sections,
        served: served.served.to_string(),
        draft: notice.status == Status::Draft,
        elsewhere,
    })
}
