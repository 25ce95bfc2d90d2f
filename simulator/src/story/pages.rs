//! Logging in through the gateway's own pages, one page at a time.

use std::io::Write;

use reqwest::Url;

use super::browser::parameter;
use super::{Browser, Failed, Page, Stage, Step, Tale, Trouble};
use crate::person::Person;

/// A provider of the entry page and what its way in must look like.
struct Door {
    /// Last segment of `/login/{provider}`.
    provider: &'static str,
    name: &'static str,
    title: &'static str,
    visitor: &'static str,
    /// What must be so of the address the browser is sent to.
    request: fn(&Url, &mut Step),
}

pub(super) async fn through_valid<W: Write>(
    stage: &Stage,
    tale: &mut Tale<W>,
) -> Result<(), Failed> {
    let door = Door {
        provider: "valid",
        name: "VALid",
        title: "signing in with idCAT Mòbil through VALid",
        visitor: "marta",
        request: |to, step| {
            let is = |name: &str, value: &str| parameter(to, name).as_deref() == Some(value);
            step.held(
                "VALid is asked for its one scope",
                is("scope", "autenticacio_usuari"),
            );
            step.held("no refresh token is asked for", is("access_type", "online"));
        },
    };
    let before = stage.valid.live_sessions();
    enter(stage, tale, &door).await?;
    tale.step("Shared computer", async |step| {
        let left = stage.valid.live_sessions();
        step.row("VALid session", "ended by the gateway", "");
        step.same("no silent log-in is left behind at VALid", &left, &before);
        Ok(())
    })
    .await
}

pub(super) async fn through_broker<W: Write>(
    stage: &Stage,
    tale: &mut Tale<W>,
) -> Result<(), Failed> {
    let door = Door {
        provider: "oidc",
        name: "broker",
        title: "signing in with Cl@ve through an OpenID Provider",
        visitor: "josep",
        request: |to, step| {
            let long = |name: &str| parameter(to, name).is_some_and(|value| value.len() >= 43);
            let method = parameter(to, "code_challenge_method");
            step.same("PKCE is S256", &method.as_deref(), &Some("S256"));
            step.held("the nonce has 256 bits", long("nonce"));
            step.held("the code challenge has 256 bits", long("code_challenge"));
        },
    };
    enter(stage, tale, &door).await
}

async fn enter<W: Write>(stage: &Stage, tale: &mut Tale<W>, door: &Door) -> Result<(), Failed> {
    tale.story(door.title)?;
    let mut browser = match Browser::new() {
        Ok(browser) => browser,
        Err(error) => return tale.step("Open", async |_| Err(Trouble::from(error))).await,
    };
    let sent = (stage.sent)();
    let entry = tale
        .step("Open", async |step| open(stage, &mut browser, step).await)
        .await?;
    let away = tale
        .step("Leave", async |step| {
            leave(stage, door, &mut browser, &entry, step).await
        })
        .await?;
    let back = tale
        .step("Say who", async |step| {
            say_who(stage.person(door.visitor)?, door, &mut browser, away, step).await
        })
        .await?;
    let inside = tale
        .step("Come back", async |step| {
            come_back(&mut browser, &back, step).await
        })
        .await?;
    tale.step("Replay", async |step| {
        step.row("same address", "in another browser", "refused");
        let mut stranger = Browser::new()?;
        let page = stranger.open(back.as_str()).await?;
        let page = stranger.follow(page).await?;
        step.held(
            "a captured callback opens nothing",
            !is_inside(&page, &inside),
        );
        Ok(())
    })
    .await?;
    tale.step("Sign out", async |step| {
        sign_out(&mut browser, &inside, step).await
    })
    .await?;
    tale.step("Count", async |step| {
        step.row("platform", "nothing was asked", "no bytes sent");
        step.same(
            "logging in sends nothing to the platform",
            &(stage.sent)(),
            &sent,
        );
        Ok(())
    })
    .await
}

async fn open(stage: &Stage, browser: &mut Browser, step: &mut Step) -> Result<Page, Trouble> {
    let page = browser.open(&stage.public_url).await?;
    let page = browser.follow(page).await?;
    step.row(
        "citizen → gateway",
        "the entry page",
        &format!("{} bytes", page.body.len()),
    );
    step.same("the entry page is there", &page.status, &200);
    step.held("it says its language", page.body.contains("<html lang=\""));
    let policy = page.header("content-security-policy").unwrap_or_default();
    step.held(
        "a content security policy covers it",
        policy.contains("default-src"),
    );
    Ok(page)
}

async fn leave(
    stage: &Stage,
    door: &Door,
    browser: &mut Browser,
    entry: &Page,
    step: &mut Step,
) -> Result<Page, Trouble> {
    let action = format!("/login/{}", door.provider);
    let form = entry
        .form(&action)
        .ok_or_else(|| Trouble::Missing(format!("a form to {action}")))?;
    let answer = browser.submit(entry, &form, &[]).await?;
    let away = answer.leads_to();
    let away = away.ok_or_else(|| Trouble::Missing("a redirect to the provider".to_owned()))?;
    step.row(&format!("citizen → {}", door.name), "redirected", "");
    let opaque = parameter(&away, "state").unwrap_or_default();
    step.held("the state has 256 bits", opaque.len() >= 43);
    let expected = format!("{}/login/{}/callback", stage.public_url, door.provider);
    let callback = parameter(&away, "redirect_uri").unwrap_or_default();
    step.same("the way back is this provider's own", &callback, &expected);
    let cookie = answer
        .header("set-cookie")
        .unwrap_or_default()
        .to_ascii_lowercase();
    step.held(
        "the browser is bound by a cookie",
        cookie.contains("httponly"),
    );
    step.held(
        "the cookie stays on this site",
        cookie.contains("samesite=lax"),
    );
    (door.request)(&away, step);
    let chooser = browser.open(away.as_str()).await?;
    step.same("the provider accepts the request", &chooser.status, &200);
    Ok(chooser)
}

async fn say_who(
    person: &Person,
    door: &Door,
    browser: &mut Browser,
    chooser: Page,
    step: &mut Step,
) -> Result<Url, Trouble> {
    let form = chooser
        .form("")
        .ok_or_else(|| Trouble::Missing("a chooser".to_owned()))?;
    let answer = browser
        .submit(&chooser, &form, &[("persona", &person.key)])
        .await?;
    let back = answer.leads_to();
    let back = back.ok_or_else(|| Trouble::Missing("a way back".to_owned()))?;
    step.row(
        &format!("citizen → {}", door.name),
        person.method.as_str(),
        &person.assurance.to_string(),
    );
    step.held(
        "the provider sends a code",
        parameter(&back, "code").is_some(),
    );
    let address = back.as_str();
    step.held(
        "no document number travels in the address",
        !address.contains(&person.document),
    );
    Ok(back)
}

async fn come_back(browser: &mut Browser, back: &Url, step: &mut Step) -> Result<Page, Trouble> {
    let landing = browser.open(back.as_str()).await?;
    step.held("the callback redirects", landing.leads_to().is_some());
    let cookie = landing
        .header("set-cookie")
        .unwrap_or_default()
        .to_ascii_lowercase();
    step.held("a new session begins", cookie.contains("httponly"));
    let cached = landing.header("cache-control").unwrap_or_default();
    step.held("nothing of it is cached", cached.contains("no-store"));
    let page = browser.follow(landing).await?;
    step.row("citizen → gateway", "inside", page.url.path());
    step.same("a page opens", &page.status, &200);
    step.held(
        "the code is gone from the address",
        page.parameter("code").is_none(),
    );
    Ok(page)
}

async fn sign_out(browser: &mut Browser, inside: &Page, step: &mut Step) -> Result<(), Trouble> {
    let form = inside.form("/logout");
    let form = form.ok_or_else(|| Trouble::Missing("a way out on the page".to_owned()))?;
    let answer = browser.submit(inside, &form, &[]).await?;
    step.held("signing out is accepted", answer.status < 400);
    let again = browser.open(inside.url.as_str()).await?;
    let again = browser.follow(again).await?;
    step.row("citizen → gateway", "signed out", "");
    step.held(
        "the page is closed after signing out",
        !is_inside(&again, inside),
    );
    Ok(())
}

/// Whether a page is the one that only a session opens.
fn is_inside(page: &Page, inside: &Page) -> bool {
    page.status == 200 && page.url.path() == inside.url.path()
}
