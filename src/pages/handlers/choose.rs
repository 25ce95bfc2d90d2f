//! Choosing, checking, deciding. Nothing counts before the last press.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::format;
use super::super::html::{Shell, page};
use super::super::trouble::Trouble;
use super::super::view::choice::{Answers, Review, SourceChoice, choices};
use super::super::visit::{Member, Sent};
use crate::citizen::ServedId;
use crate::consent::{Decision, Decisions};

#[derive(Debug, Deserialize)]
pub(in super::super) struct After {
    served: Option<String>,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage {
    shell: Shell,
    served: String,
    choices: Vec<SourceChoice>,
    /// Whether there is anything to answer.
    open: bool,
    /// Whether anything may be asked already.
    fetchable: bool,
}

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    shell: Shell,
    served: String,
    /// Makes a second press of the same button the same decision.
    once: String,
    review: Review,
    until: String,
}

/// The questions, none answered.
pub(in super::super) async fn show(
    member: Member,
    Query(after): Query<After>,
) -> Result<Response, Trouble> {
    // Reading comes first: an answer points to what was shown.
    let served: Option<ServedId> = after.served.and_then(|id| id.parse().ok());
    match served {
        Some(served) => questions(&member, served, &Answers::default()).await,
        None => Ok(Redirect::to("/notice").into_response()),
    }
}

/// The questions again, with the answers given so far.
pub(in super::super) async fn change(sent: Sent) -> Result<Response, Trouble> {
    let served = served(&sent)?;
    let choices = offered(&sent.member).await?;
    let answers = Answers::read(&sent.fields, &choices);
    questions(&sent.member, served, &answers).await
}

/// What would be decided. A page and not a redirect: answers stay out of addresses.
pub(in super::super) async fn check(sent: Sent) -> Result<Response, Trouble> {
    let (member, served) = (&sent.member, served(&sent)?);
    let choices = offered(member).await?;
    let answers = Answers::read(&sent.fields, &choices);
    let answered = choices.into_iter().map(|choice| choice.answered(&answers));
    let purpose = member.visit.purpose()?;
    let now = member.app().world.now();
    let until = member
        .app()
        .terms
        .purposes
        .get(&purpose)
        .and_then(|purpose| purpose.valid_until(now))
        .ok_or(Trouble::Internal)?;
    page(&CheckPage {
        shell: member.visit.shell().step(3).languages_at("/notice?"),
        served: served.to_string(),
        once: member.app().world.entropy.uuid().to_string(),
        review: Review::new(answered.collect()),
        until: format::day(member.language(), until),
    })
}

/// Records the answers and shows the receipt.
pub(in super::super) async fn decide(sent: Sent) -> Result<Response, Trouble> {
    let (member, served) = (&sent.member, served(&sent)?);
    let choices = offered(member).await?;
    let decisions = Answers::read(&sent.fields, &choices).decisions(&choices);
    if decisions.is_empty() {
        // Leaving everything blank is an answer too: nothing is asked, nothing is recorded.
        return Ok(Redirect::to("/").into_response());
    }
    let refuses = decisions
        .iter()
        .any(|(_, answer)| *answer == Decision::Refuse);
    let once = sent.fields.get("once");
    let decided = member
        .app()
        .ledger
        .decide(
            &member.consenter(),
            Decisions {
                served,
                decisions,
                idempotency_key: (!once.is_empty()).then(|| once.to_owned()),
            },
        )
        .await?;
    if refuses {
        member
            .app()
            .exchange
            .forget(member.citizen().subject())
            .await;
    }
    let to = format!("/receipts/{}", decided.receipt.id);
    Ok(Redirect::to(&to).into_response())
}

async fn questions(
    member: &Member,
    served: ServedId,
    answers: &Answers,
) -> Result<Response, Trouble> {
    let choices: Vec<_> = offered(member)
        .await?
        .into_iter()
        .map(|choice| choice.answered(answers))
        .collect();
    page(&ChoosePage {
        // In another language it is another text, and that has to be shown first.
        shell: member.visit.shell().step(2).languages_at("/notice?"),
        served: served.to_string(),
        open: choices.iter().any(|choice| choice.open),
        fetchable: choices.iter().any(|choice| choice.withdrawable),
        choices,
    })
}

async fn offered(member: &Member) -> Result<Vec<SourceChoice>, Trouble> {
    let (app, citizen) = (member.app(), member.citizen());
    let purpose = member.visit.purpose()?;
    let (_, items) = app
        .ledger
        .items(citizen.subject(), citizen.body(), &purpose)
        .await?;
    Ok(choices(&items, &app.catalogue, member.language()))
}

fn served(sent: &Sent) -> Result<ServedId, Trouble> {
    sent.fields
        .get("served")
        .parse()
        .map_err(|_| Trouble::ReadAgain)
}

#[cfg(test)]
mod tests {
    use super::super::super::view::choice::tests::{catalogue, items};
    use super::super::super::visit::Fields;
    use super::*;
    use crate::citizen::Language;

    fn shell(language: Language) -> Shell {
        Shell::new(
            language,
            "Ajuntament de Prova".to_owned(),
            Some("token".to_owned()),
        )
    }

    fn questions(language: Language, answers: &Fields) -> String {
        let choices = choices(&items(&[]), &catalogue(), language);
        let answers = Answers::read(answers, &choices);
        let choices = choices.into_iter().map(|choice| choice.answered(&answers));
        let page = ChoosePage {
            shell: shell(language).step(2),
            served: "served".to_owned(),
            choices: choices.collect(),
            open: true,
            fetchable: false,
        };
        page.render().unwrap()
    }

    #[test]
    fn nothing_is_chosen_for_anybody() {
        for language in Language::ALL {
            let page = questions(language, &Fields::default());
            assert!(page.contains(&format!("<html lang=\"{language}\">")));
            assert_eq!(page.matches("<h1").count(), 1);
            assert_eq!(page.matches("type=\"radio\"").count(), 8);
            assert_eq!(
                page.matches("<fieldset").count(),
                page.matches("<legend").count()
            );
            assert!(page.matches("<fieldset").count() <= 7);
            for chosen in [" checked", "autofocus", " selected", "disabled", "required"] {
                assert!(!page.contains(chosen), "{chosen} in {language}");
            }
        }
    }

    #[test]
    fn an_answer_given_before_is_kept() {
        let fields = [("answer-TGSS".to_owned(), "no".to_owned())];
        let page = questions(Language::Ca, &fields.into_iter().collect());
        assert_eq!(page.matches(" checked").count(), 1);
        assert!(page.contains("name=\"answer-TGSS\" value=\"no\" checked"));
    }

    #[test]
    fn the_title_names_no_source_and_no_purpose() {
        for language in Language::ALL {
            let page = questions(language, &Fields::default());
            let title = page
                .split("<title>")
                .nth(1)
                .unwrap()
                .split("</title>")
                .next()
                .unwrap();
            for source in catalogue().sources() {
                assert!(
                    !title.contains(source.name.in_language(language)),
                    "{title}"
                );
            }
            assert!(title.ends_with(" 2"), "{title}");
        }
    }

    #[test]
    fn what_is_checked_is_what_is_sent_on() {
        let fields = [
            ("answer-AEAT".to_owned(), "yes".to_owned()),
            ("answer-PADRO".to_owned(), "no".to_owned()),
        ];
        let choices = choices(&items(&[]), &catalogue(), Language::Ca);
        let answers = Answers::read(&fields.into_iter().collect(), &choices);
        let answered = choices.into_iter().map(|choice| choice.answered(&answers));
        let page = CheckPage {
            shell: shell(Language::Ca).step(3),
            served: "served".to_owned(),
            once: "once".to_owned(),
            review: Review::new(answered.collect()),
            until: "5 de març de 2027".to_owned(),
        };
        let page = page.render().unwrap();
        let hidden = page.matches("name=\"answer-").count();
        assert_eq!(hidden, 2);
        assert!(page.contains("name=\"answer-AEAT\" value=\"yes\""));
        assert!(page.contains("name=\"answer-PADRO\" value=\"no\""));
        // Yes, no and unanswered, each with a way back to its question.
        assert_eq!(page.matches("formaction=\"/choose#").count(), 4);
    }
}
