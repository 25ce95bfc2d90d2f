//! Asking, waiting, and what came of it.

use askama::Template;
use axum::extract::Path;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::StreamExt as _;

use super::super::html::{Shell, page};
use super::super::trouble::Trouble;
use super::super::view::facts::Facts;
use super::super::view::progress::Progress;
use super::super::visit::{Member, Sent};
use crate::citizen::JobId;
use crate::exchange::ProfileError;
use crate::exchange::view::JobView;
use crate::profile::Audience;

#[derive(Template)]
#[template(path = "progress.html")]
struct ProgressPage {
    shell: Shell,
    job: String,
    progress: Progress,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    shell: Shell,
    facts: Facts,
}

/// Asks everything that is permitted now.
pub(in super::super) async fn start(sent: Sent) -> Result<Response, Trouble> {
    let member = &sent.member;
    let purpose = member.visit.purpose()?;
    let job = member
        .app()
        .exchange
        .start(member.citizen(), &purpose)
        .await?;
    Ok(Redirect::to(&format!("/progress/{job}")).into_response())
}

/// How far each source is, now. The page stays true when it is reloaded, left or shared between tabs.
pub(in super::super) async fn progress(
    member: Member,
    Path(job): Path<String>,
) -> Result<Response, Trouble> {
    let (_, view) = find(&member, &job).await?;
    page(&ProgressPage {
        shell: member.visit.shell(),
        progress: Progress::new(&view, &member.app().catalogue, member.language()),
        job: view.job,
    })
}

/// The same as events, for the page's own script.
pub(in super::super) async fn events(
    member: Member,
    Path(job): Path<String>,
) -> Result<Response, Trouble> {
    let (job, _) = find(&member, &job).await?;
    let (app, language) = (member.app().clone(), member.language());
    let views = app.exchange.follow(member.citizen().subject(), job);
    let news = views.map(move |view| {
        let progress = Progress::new(&view, &app.catalogue, language);
        Event::default().event("job").json_data(&progress)
    });
    Ok(Sse::new(news)
        .keep_alive(KeepAlive::default())
        .into_response())
}

/// What is known. Showing it is a release, recorded before it leaves.
pub(in super::super) async fn profile(
    member: Member,
    Path(job): Path<String>,
) -> Result<Response, Trouble> {
    let id: JobId = job.parse().map_err(|_| Trouble::NotFound)?;
    let exchange = &member.app().exchange;
    let projection = match exchange
        .profile(member.citizen(), id, Audience::Citizen)
        .await
    {
        Ok(projection) => projection,
        Err(ProfileError::Running) => {
            return Ok(Redirect::to(&format!("/progress/{id}")).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let facts = Facts::new(&projection, &member.app().catalogue, member.language());
    page(&ProfilePage {
        shell: member.visit.shell(),
        facts: facts.ok_or(Trouble::Internal)?,
    })
}

async fn find(member: &Member, job: &str) -> Result<(JobId, JobView), Trouble> {
    let id: JobId = job.parse().map_err(|_| Trouble::NotFound)?;
    let subject = member.citizen().subject();
    let view = member.app().exchange.job(subject, id).await?;
    Ok((id, view.ok_or(Trouble::NotFound)?))
}
