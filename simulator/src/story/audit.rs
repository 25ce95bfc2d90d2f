//! An auditor looks a citizen up: with a reason, and only with one.

use std::io::Write;

use serde_json::json;

use super::{Failed, Stage, Tale};
use crate::folder::CallError;

pub(super) async fn look_up<W: Write>(stage: &Stage, tale: &mut Tale<W>) -> Result<(), Failed> {
    tale.story("an auditor asks what was exchanged about somebody")?;
    let before = (stage.sent)();
    tale.step("Without reason", async |step| {
        let refused = stage.auditor.search(&json!({"limit": 10})).await;
        let slug = refused
            .as_ref()
            .err()
            .and_then(CallError::slug)
            .unwrap_or("not refused");
        step.row("auditor → gateway", &format!("refused: {slug}"), "");
        step.same(
            "a search needs a case and a reason",
            &slug,
            &"invalid-request",
        );
        Ok(())
    })
    .await?;
    tale.step("Search", async |step| {
        let marta = stage.person("marta")?;
        let body = json!({
            "case_reference": "AUD-2026-0007",
            "reason": "yearly sample",
            "person": {"type": marta.document_type.as_str(), "number": marta.document},
        });
        let found = stage.auditor.search(&body).await?;
        let exchanges = found["exchanges"].as_array().map_or(0, Vec::len);
        step.row(
            "auditor → gateway",
            &format!("{exchanges} exchanges"),
            "own search logged",
        );
        step.held("what was exchanged is found", exchanges > 0);
        step.held("no document number is in the answer", {
            !found.to_string().contains(&marta.document)
        });
        step.same("looking asks no source", &(stage.sent)(), &before);
        Ok(())
    })
    .await
}
